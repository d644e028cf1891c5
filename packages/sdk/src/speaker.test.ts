import { expect, test } from 'vitest'
import { completeSpeaker } from './speaker.ts'

const RUN = {
  RUNLIGHT_RUN_ID: 'r',
  RUNLIGHT_NODE: 'n',
  RUNLIGHT_ATTEMPT: '2',
  RUNLIGHT_EXECUTION: '3',
  RUNLIGHT_WORKFLOW_ID: 'w',
  RUNLIGHT_ORG_ID: 'acme',
}
const ofRun = { runId: 'r', nodeRef: 'n', attempt: 2, execution: 3, workflowId: 'w', orgId: 'acme' }

test.each([
  ['nothing is named', {}, {}, { component: undefined }],
  ['the environment names a component', {}, { RUNLIGHT_COMPONENT: 'c' }, { component: 'c' }],
  ['the environment names a run', {}, RUN, ofRun],
  ['a component is named, and the environment names a run', { component: 'c' }, RUN, { component: 'c', orgId: 'acme' }],
  ['the same run is named', { runId: 'r' }, RUN, ofRun],
  ['another node of the run', { nodeRef: 'm' }, RUN, { ...ofRun, nodeRef: 'm', attempt: 1 }],
  ['another run', { runId: 'other' }, RUN, { runId: 'other', attempt: 1, execution: 1, orgId: 'acme' }],
])('%s', (_, named, env, expected) => {
  const speaker = Object.fromEntries(
    Object.entries(completeSpeaker(named, env)).filter(([, value]) => value !== undefined),
  )
  expect(speaker).toEqual(Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)))
})

test('what the environment has wrong is said', () => {
  expect(() => completeSpeaker({}, { RUNLIGHT_ATTEMPT: '0' })).toThrow('RUNLIGHT_ATTEMPT')
  expect(() => completeSpeaker({}, { RUNLIGHT_ORG_ID: 'a/b' })).toThrow('RUNLIGHT_ORG_ID')
})
