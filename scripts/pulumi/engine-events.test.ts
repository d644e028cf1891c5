import { expect, it } from 'vitest'
import { readEvent } from './engine-events.ts'

const PROCESS = 'runlight:processes:Process'

function line(kind: string, op: string, name: string, type = PROCESS): string {
  const urn = `urn:pulumi:local::runlight::${type}::${name}`
  return JSON.stringify({ sequence: 1, [kind]: { metadata: { op, urn, type } } })
}

const diagnostic = (severity: string, message: string) => JSON.stringify({ diagnosticEvent: { severity, message } })

it.each([
  ['create', 'start bus'],
  ['update', 'restart bus'],
  ['delete', 'stop bus'],
  ['create-replacement', 'start bus'],
  ['delete-replaced', 'stop bus'],
])('calls %s by what becomes of the component', (op, title) => {
  const begun = readEvent(line('resourcePreEvent', op, 'bus'))
  expect(begun).toMatchObject({ kind: 'begun', title })
  const resource = begun && 'resource' in begun ? begun.resource : ''
  expect(readEvent(line('resOutputsEvent', op, 'bus'))).toMatchObject({ kind: 'done', resource })
  expect(readEvent(line('resOpFailedEvent', op, 'bus'))).toMatchObject({ kind: 'failed', resource })
})

it('says that a job runs', () => {
  const job = 'runlight:processes:Job'
  expect(readEvent(line('resourcePreEvent', 'update', 'provision', job))).toMatchObject({ title: 'run provision' })
  expect(readEvent(line('resourcePreEvent', 'delete', 'provision', job))).toBeUndefined()
})

it('says of an image that it is got, whether pulled or built', () => {
  for (const type of ['docker:index/remoteImage:RemoteImage', 'docker:index/image:Image']) {
    expect(readEvent(line('resourcePreEvent', 'create', 'bus-image', type))).toMatchObject({ title: "get bus's image" })
    expect(readEvent(line('resourcePreEvent', 'delete', 'bus-image', type))).toBeUndefined()
  }
})

it.each([
  line('resourcePreEvent', 'create', 'bus-data', 'docker:index/volume:Volume'),
  line('resourcePreEvent', 'create', 'network', 'docker:index/network:Network'),
  line('resourcePreEvent', 'create', 'bus', 'runlight:docker:Component'),
  line('resourcePreEvent', 'create', 'bus-files', 'docker:index/container:Container'),
  line('resourcePreEvent', 'same', 'bus'),
  line('resourcePreEvent', 'refresh', 'bus'),
  line('resourcePreEvent', 'create', 'runlight-local', 'pulumi:pulumi:Stack'),
  diagnostic('debug', 'Registering resource'),
  diagnostic('warning', 'using pulumi-language-nodejs from $PATH'),
  diagnostic('error', 'update failed\n'),
  'no event at all',
])('keeps to itself what a person need not see: %s', (text) => {
  expect(readEvent(text)).toBeUndefined()
})

it('passes on what our program says of a component, and not what a provider says', () => {
  const warning = (type: string) =>
    JSON.stringify({
      diagnosticEvent: {
        severity: 'warning',
        message: 'loki is slow\n',
        urn: `urn:pulumi:dev::runlight::${type}::loki`,
      },
    })
  expect(readEvent(warning('runlight:docker:Component'))).toEqual({ kind: 'warning', message: 'loki is slow' })
  expect(readEvent(warning('docker:index/container:Container'))).toBeUndefined()
})

it('passes on what went wrong', () => {
  expect(readEvent(diagnostic('error', 'Port 17310 of loki is taken\n'))).toEqual({
    kind: 'error',
    message: 'Port 17310 of loki is taken',
    of: '',
  })
})
