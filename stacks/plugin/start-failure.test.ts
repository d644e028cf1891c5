import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROCESS, asProperties, freePort, littleComponent } from './fixtures/little-component.ts'
import { statOf } from './proc.ts'

const little = littleComponent()

describe('a start that fails', () => {
  it('tells the last lines of the log, and leaves nothing', async () => {
    await expect(little.create(little.inputs({}, 'failing'))).rejects.toThrow(
      /little was not started: it ended before it was ready[^]*the store cannot be opened/,
    )
    expect(little.processes()).toEqual([])
  })

  it('tells what the component last answered when it is not ready in time, and leaves nothing', async () => {
    await expect(little.create(little.inputs({ startSeconds: 1 }, 'unready'))).rejects.toThrow(
      /it was not ready within 1 s: .*\/readyz answers 503: no store yet/,
    )
    expect(little.processes()).toEqual([])
  })

  it('leaves nothing when it is cancelled, as by Ctrl-C', async () => {
    const starting = little.create(little.inputs({}, 'unready'))
    await expect.poll(() => little.processes()).toHaveLength(1)
    await little.provider().cancel()
    await expect(starting).rejects.toThrow('little was not started: the update was cancelled')
    expect(little.processes()).toEqual([])
  })

  it('names the program that cannot be started', async () => {
    await expect(little.create(little.inputs({ command: ['/no/such/program'] }))).rejects.toThrow(
      '/no/such/program cannot be started',
    )
  })

  it('names who holds a port, before anything is touched', async () => {
    const { outs, pid } = await little.create(little.inputs())
    const takenPort = await freePort()
    const holder = await little.stranger(process.execPath, join(little.home(), 'server.mjs'), String(takenPort))
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${takenPort}/`)).ok).toBe(true)
    const listeners = [{ endpoint: 'http', host: '127.0.0.1', port: takenPort, setting: 'little.port' }]
    await expect(
      little.provider().update('little', PROCESS, outs, asProperties(little.inputs({ listeners }))),
    ).rejects.toThrow(
      new RegExp(
        `Port ${takenPort} of little \\(http\\) is taken by process ${holder} \\(.*server.mjs ${takenPort}\\)[^]*` +
          "pulumi config set --stack <stack> --path 'runlight:little.port'",
      ),
    )
    expect(statOf(pid)).toBeDefined()
  })
})
