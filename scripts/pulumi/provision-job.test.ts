import { expect, it } from 'vitest'
import { provisionJob, withArguments } from './provision-job.ts'

const job = {
  command: ['/usr/bin/node', '--import', 'tsx', '/clone/packages/provision/src/main.ts', 'up'],
  env: { RUNLIGHT_POSTGRES_PASSWORD_FILE: '/home/local/provision/secrets/owner' },
  workingFolder: '/clone',
}
const resources = [
  { urn: 'urn:pulumi:local::runlight::runlight:index:Process::postgres', inputs: { command: ['postgres'] } },
  { urn: 'urn:pulumi:local::runlight::runlight:index:Job::provision', inputs: { ...job, secrets: { owner: 'x' } } },
]

it('finds how provisioning was started, and starts it with other arguments', () => {
  const found = provisionJob({ version: 3, deployment: { resources } })
  expect(found).toEqual(job)
  expect(withArguments(job, ['up', '--accept-generation'])).toEqual({
    file: '/usr/bin/node',
    args: ['--import', 'tsx', '/clone/packages/provision/src/main.ts', 'up', '--accept-generation'],
  })
})

it.each([
  ['no deployment', {}],
  ['no provisioning', { deployment: { resources: resources.slice(0, 1) } }],
  ['a container', { deployment: { resources: [{ urn: 'x::provision', inputs: { image: 'sha256:1' } }] } }],
])('finds nothing in a stack with %s', (_, exported) => {
  expect(provisionJob(exported)).toBeUndefined()
})
