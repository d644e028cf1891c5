import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { freePort } from './fixtures/little-component.ts'
import { portHolder } from './port-holder.ts'

it.each(['127.0.0.1', '127.0.0.2', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1'])(
  'names who listens on a port of %s',
  async (host) => {
    const server = createServer().listen(0, host)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(portHolder(port)).toEqual({ pid: process.pid, command: expect.stringContaining('node') as string })
    server.close()
    await once(server, 'close')
    expect(portHolder(port)).toBeUndefined()
  },
)

it('finds nobody on a free port', async () => {
  expect(portHolder(await freePort())).toBeUndefined()
})
