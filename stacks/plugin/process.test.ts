import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { PROCESS, SECRET, asProperties, littleComponent } from './fixtures/little-component.ts'
import type { ProcessInputs } from './inputs.ts'
import { statOf } from './proc.ts'
import { readRecord, writeRecord } from './record.ts'

const little = littleComponent()

describe('a process', () => {
  it('is started ready, in its own session, with its files, secrets and log', async () => {
    const { outs, pid } = await little.create(little.inputs())
    expect((await fetch(`http://127.0.0.1:${little.port()}/readyz`)).status).toBe(200)
    expect(statOf(pid)).toMatchObject({ session: pid, group: pid, startTime: outs['startTime'] })
    expect(readFileSync(join(little.layout().files, 'little.conf'), 'utf8')).toBe('a = 1\n')
    expect(readFileSync(join(little.layout().secrets, 'password'), 'utf8')).toBe('geheim')
    expect(statSync(join(little.layout().secrets, 'password')).mode & 0o777).toBe(0o600)
    expect(outs['secrets']).toEqual({ password: { ...SECRET, value: 'geheim' } })
    expect(little.log()).toContain('starting with')
  })

  it('gets its own environment and nothing of Pulumi', async () => {
    vi.stubEnv('NODE_OPTIONS', '--trace-warnings')
    vi.stubEnv('PULUMI_CONFIG_PASSPHRASE_FILE', '/passphrase')
    await little.create(little.inputs())
    vi.unstubAllEnvs()
    const env = (await (await fetch(`http://127.0.0.1:${little.port()}/env`)).json()) as Record<string, string>
    expect(env).toMatchObject({ LITTLE: 'yes', PATH: process.env['PATH'] })
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['NODE_OPTIONS']))
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['PULUMI_CONFIG_PASSPHRASE_FILE']))
  })

  it('is left alone while nothing changes', async () => {
    const { outs, pid } = await little.create(little.inputs())
    const { id, props } = await little.provider().read('little', PROCESS, outs)
    expect(id).toBe('little')
    expect(await little.hasChanged(props as Record<string, unknown>, little.inputs())).toBe(false)
    expect(statOf(pid)).toBeDefined()
  })

  it.each<[string, Partial<ProcessInputs>]>([
    ['an argument', { command: ['other'] }],
    ['its environment', { env: { LITTLE: 'no' } }],
    ['a rendered file', { files: { 'little.conf': 'a = 2\n' } }],
    ['a secret', { secrets: { password: 'neu' } }],
    ['the version', { version: '2' }],
    ['the sources', { sources: 'abc' }],
  ])('has to be restarted when %s changes', async (_, change) => {
    const { outs } = await little.create(little.inputs())
    expect(await little.hasChanged(outs, little.inputs(change))).toBe(true)
  })

  it('is restarted with its new configuration, and the old one is gone', async () => {
    const { outs, pid } = await little.create(little.inputs())
    const changed = little.inputs({ files: { 'little.conf': 'a = 2\n' }, secrets: {} })
    const updated = await little.provider().update('little', PROCESS, outs, asProperties(changed))
    expect(updated.outs['pid']).not.toBe(pid)
    expect(statOf(pid)).toBeUndefined()
    expect(readFileSync(join(little.layout().files, 'little.conf'), 'utf8')).toBe('a = 2\n')
    expect(existsSync(join(little.layout().secrets, 'password'))).toBe(false)
    expect(updated.outs['dataId']).toBe(outs['dataId'])
  })

  it('is missed when it was killed, and comes back', async () => {
    const { outs, pid } = await little.create(little.inputs())
    process.kill(pid, 'SIGKILL')
    await vi.waitUntil(() => statOf(pid)?.exiting !== false, { interval: 1, timeout: 20_000 })
    expect(await little.provider().read('little', PROCESS, outs)).toEqual({})
    expect(await little.hasChanged(outs, little.inputs())).toBe(true)
    const again = await little.create(little.inputs())
    expect(again.pid).not.toBe(pid)
    expect(again.outs['dataId']).toBe(outs['dataId'])
  })

  it('shows as changed when its files were changed on disk', async () => {
    const { outs } = await little.create(little.inputs())
    writeFileSync(join(little.layout().files, 'little.conf'), 'a = 3\n')
    const { props } = await little.provider().read('little', PROCESS, outs)
    expect(await little.hasChanged(props as Record<string, unknown>, little.inputs())).toBe(true)
    await little.provider().update('little', PROCESS, outs, asProperties(little.inputs()))
    expect(readFileSync(join(little.layout().files, 'little.conf'), 'utf8')).toBe('a = 1\n')
  })

  it('starts again over the lock that a killed one has left', async () => {
    const lock = join(little.layout().data, 'server.pid')
    const command = ['sh', '-c', `set -C; echo 1 > ${lock} && exec "$@"`, 'sh', ...little.inputs().command]
    const inputs = little.inputs({ command, locks: [lock] })
    const { pid } = await little.create(inputs)
    process.kill(pid, 'SIGKILL')
    await vi.waitUntil(() => statOf(pid)?.exiting !== false, { interval: 1, timeout: 20_000 })
    await little.create(inputs)
    expect(little.log()).not.toContain('server.pid')
  })

  it('starts behind the last whole record that a killed one has left in its log', async () => {
    const inputs = little.inputs({ writeAheadLog: join(little.layout().data, 'wal') })
    const { pid } = await little.create(inputs)
    process.kill(pid, 'SIGKILL')
    await vi.waitUntil(() => statOf(pid)?.exiting !== false, { interval: 1, timeout: 20_000 })
    mkdirSync(inputs.writeAheadLog as string)
    // A whole record of one byte, and the first of two that a longer one would have.
    const segment = join(inputs.writeAheadLog as string, '00000000')
    writeFileSync(segment, Buffer.from([1, 0, 1, 0, 0, 0, 0, 9, 2, 0, 2, 0, 0, 0, 0, 9]))
    await little.create(inputs)
    expect(readFileSync(segment)).toEqual(Buffer.from([1, 0, 1, 0, 0, 0, 0, 9]))
  })

  it('that an interrupted update has left is taken over when it is what is asked for', async () => {
    const { pid } = await little.create(little.inputs())
    const again = await little.create(little.inputs())
    expect(again.pid).toBe(pid)
  })

  it('that an interrupted update has left otherwise is replaced', async () => {
    const { pid } = await little.create(little.inputs({ version: 'old' }))
    const again = await little.create(little.inputs())
    expect(again.pid).not.toBe(pid)
    expect(statOf(pid)).toBeUndefined()
  })

  it('is found without its record, as when Pulumi was killed before that was written', async () => {
    const { pid } = await little.create(little.inputs())
    rmSync(little.layout().record)
    const again = await little.create(little.inputs())
    expect(again.pid).not.toBe(pid)
    expect(statOf(pid)).toBeUndefined()
  })

  it('is killed with its children when it does not stop by itself', async () => {
    const { pid, outs } = await little.create(little.inputs({ stopSeconds: 0.3 }, 'stubborn', 'parent'))
    await expect.poll(() => little.processes()).toHaveLength(2)
    await little.provider().delete('little', PROCESS, outs)
    expect(statOf(pid)).toBeUndefined()
    expect(little.processes()).toEqual([])
  })

  it('leaves data and log behind when it is deleted, but no secret', async () => {
    const { outs } = await little.create(little.inputs())
    writeFileSync(join(little.layout().data, 'rows'), '1')
    await little.provider().delete('little', PROCESS, outs)
    expect(existsSync(join(little.layout().data, 'rows'))).toBe(true)
    expect(existsSync(little.layout().log)).toBe(true)
    expect(existsSync(little.layout().secrets)).toBe(false)
  })

  it('is stopped, too, when only its orphaned children are left', async () => {
    const { pid } = await little.create(little.inputs({}, 'parent'))
    await expect.poll(() => little.processes()).toHaveLength(2)
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => statOf(pid)).toBeUndefined()
    expect(little.processes()).toHaveLength(1)
    await little.create(little.inputs())
    expect(little.processes()).toHaveLength(1)
  })

  it('whose pid was given to a stranger leaves the stranger alone', async () => {
    const { outs, pid } = await little.create(little.inputs())
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => statOf(pid)).toBeUndefined()
    const stranger = await little.stranger('sleep', '600')
    const record = readRecord(little.inputs().folder)
    if (!record) throw new Error('there is no record')
    writeRecord(little.inputs().folder, { ...record, pid: stranger })
    expect(await little.provider().read('little', PROCESS, outs)).toEqual({})
    await little.provider().delete('little', PROCESS, outs)
    expect(statOf(stranger)).toBeDefined()
  })
})
