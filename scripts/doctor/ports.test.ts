import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../tools/fixtures/temporary.ts'
import { takenPorts } from './ports.ts'

afterEach(() => vi.unstubAllEnvs())

test('a port of the settings that somebody holds is told with its holder and its setting', async () => {
  const home = await temporaryFolder()
  vi.stubEnv('RUNLIGHT_HOME', home)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await writeFile(
    join(home, 'Pulumi.local-doctor.yaml'),
    `config:\n  runlight:bridges:\n    loki:\n      port: ${port}\n`,
  )
  const ofLokiBridge = async () =>
    (await takenPorts('local-doctor')).filter(({ setting }) => setting === 'bridges.loki.port')
  const [taken] = await ofLokiBridge()
  expect(taken).toMatchObject({ port, holder: expect.stringContaining(`process ${process.pid} `) as string })
  // A tunnel to an engine elsewhere holds the very ports that its stack has there.
  const ofDev = async (host: string) => {
    const settings = `config:\n  runlight:docker:\n    host: ${host}\n  runlight:loki:\n    port: ${port}\n`
    await writeFile(join(home, 'Pulumi.dev-doctor.yaml'), settings)
    return (await takenPorts('dev-doctor')).filter((each) => each.port === port)
  }
  expect(await ofDev('unix:///nowhere/docker.sock')).toMatchObject([{ setting: 'loki.port' }])
  expect(await ofDev('ssh://build.example')).toEqual([])
  await new Promise((resolve) => server.close(resolve))
  expect(await ofLokiBridge()).toEqual([])
})
