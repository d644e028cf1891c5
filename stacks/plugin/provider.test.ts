import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JobInputs, ProcessInputs } from './inputs.ts'
import { layoutOf } from './layout.ts'
import { statOf } from './proc.ts'
import { processProvider } from './provider.ts'
import { processesOf, readRecord, writeRecord } from './record.ts'

const PROCESS = 'urn:pulumi:local::runlight::runlight:processes:Process::little'
const JOB = 'urn:pulumi:local::runlight::runlight:processes:Job::little'
const SECRET = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' }

/** A component small enough for a test: a page of its own for readiness, and some bad manners to choose from. */
const LITTLE_SERVER = `
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
const [port, ...manners] = process.argv.slice(2)
console.log('starting with', manners.join(' '))
if (manners.includes('failing')) { console.error('the store can not be opened'); process.exit(3) }
if (manners.includes('stubborn')) process.on('SIGTERM', () => {})
if (manners.includes('parent')) spawn('sleep', ['600'])
createServer((request, response) => {
  response.statusCode = manners.includes('unready') ? 503 : 200
  response.end(request.url === '/env' ? JSON.stringify(process.env) : 'no store yet')
}).listen(port, '127.0.0.1')
`

let home: string
let port: number
let cancelled: AbortController
let provider: ReturnType<typeof processProvider>
let bystanders: ChildProcess[]

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'runlight-plugin-'))
  writeFileSync(join(home, 'server.mjs'), LITTLE_SERVER)
  port = await freePort()
  cancelled = new AbortController()
  provider = processProvider(cancelled)
  bystanders = []
})

afterEach(async () => {
  for (const bystander of bystanders) bystander.kill('SIGKILL')
  if (existsSync(little().folder)) await provider.delete('little', PROCESS, properties(little()))
  expect(processesOf(little().folder)).toEqual([])
  rmSync(home, { recursive: true })
})

function little(changes: Partial<ProcessInputs> = {}, ...manners: string[]): ProcessInputs {
  return {
    component: 'little',
    folder: join(home, 'little'),
    workingFolder: home,
    command: [process.execPath, join(home, 'server.mjs'), String(port), ...manners],
    env: { LITTLE: 'yes' },
    files: { 'little.conf': 'a = 1\n' },
    secrets: { password: 'geheim' },
    version: '1',
    sources: '',
    initialise: [],
    prepare: [],
    listeners: [{ endpoint: 'http', host: '127.0.0.1', port, setting: 'little.port' }],
    health: { kind: 'http', url: `http://127.0.0.1:${port}/readyz` },
    startSeconds: 20,
    stopSignal: 'SIGTERM',
    stopSeconds: 5,
    ...changes,
  }
}

/** Inputs as Pulumi sends them: every secret in an envelope. */
function properties(inputs: ProcessInputs): Record<string, unknown> {
  const secrets = Object.fromEntries(
    Object.entries(inputs.secrets).map(([name, value]) => [name, { ...SECRET, value }]),
  )
  return { ...inputs, secrets }
}

async function create(inputs: ProcessInputs) {
  const { outs } = await provider.create(PROCESS, properties(inputs))
  return { outs, pid: outs['pid'] as number }
}

async function changes(state: Record<string, unknown>, inputs: ProcessInputs): Promise<boolean> {
  return (await provider.diff('little', PROCESS, state, properties(inputs))).changes
}

const layout = () => layoutOf(little().folder)
const logOf = () => readFileSync(layout().log, 'utf8')
const steps = (...commands: string[][]) => commands.map((command) => ({ name: 'step', command, env: {} }))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port: free } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return free
}

async function bystander(command: string, ...args: string[]): Promise<number> {
  const child = spawn(command, args, { stdio: 'ignore' })
  bystanders.push(child)
  await new Promise((resolve) => child.once('spawn', resolve))
  return child.pid as number
}

describe('a process', () => {
  it('is started ready, in its own session, with its files, secrets and log', async () => {
    const { outs, pid } = await create(little())
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
    expect(statOf(pid)).toMatchObject({ session: pid, group: pid, startTime: outs['startTime'] })
    expect(readFileSync(join(layout().files, 'little.conf'), 'utf8')).toBe('a = 1\n')
    expect(readFileSync(join(layout().secrets, 'password'), 'utf8')).toBe('geheim')
    expect(statSync(join(layout().secrets, 'password')).mode & 0o777).toBe(0o600)
    expect(outs['secrets']).toEqual({ password: { ...SECRET, value: 'geheim' } })
    expect(logOf()).toContain('starting with')
  })

  it('gets its own environment and nothing of Pulumi', async () => {
    vi.stubEnv('NODE_OPTIONS', '--trace-warnings')
    vi.stubEnv('PULUMI_CONFIG_PASSPHRASE_FILE', '/passphrase')
    await create(little())
    vi.unstubAllEnvs()
    const env = (await (await fetch(`http://127.0.0.1:${port}/env`)).json()) as Record<string, string>
    expect(env).toMatchObject({ LITTLE: 'yes', PATH: process.env['PATH'] })
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['NODE_OPTIONS']))
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['PULUMI_CONFIG_PASSPHRASE_FILE']))
  })

  it('is left alone while nothing changes', async () => {
    const { outs, pid } = await create(little())
    const { id, props } = await provider.read('little', PROCESS, outs)
    expect(id).toBe('little')
    expect(await changes(props as Record<string, unknown>, little())).toBe(false)
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
    const { outs } = await create(little())
    expect(await changes(outs, little(change))).toBe(true)
  })

  it('is restarted with its new configuration, and the old one is gone', async () => {
    const { outs, pid } = await create(little())
    const changed = little({ files: { 'little.conf': 'a = 2\n' }, secrets: {} })
    const updated = await provider.update('little', PROCESS, outs, properties(changed))
    expect(updated.outs['pid']).not.toBe(pid)
    expect(statOf(pid)).toBeUndefined()
    expect(readFileSync(join(layout().files, 'little.conf'), 'utf8')).toBe('a = 2\n')
    expect(existsSync(join(layout().secrets, 'password'))).toBe(false)
    expect(updated.outs['dataId']).toBe(outs['dataId'])
  })

  it('is missed when it was killed, and comes back', async () => {
    const { outs, pid } = await create(little())
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(statOf(pid)).toBeUndefined())
    expect(await provider.read('little', PROCESS, outs)).toEqual({})
    expect(await changes(outs, little())).toBe(true)
    const again = await create(little())
    expect(again.pid).not.toBe(pid)
    expect(again.outs['dataId']).toBe(outs['dataId'])
  })

  it('shows as changed when its files were changed on disk', async () => {
    const { outs } = await create(little())
    writeFileSync(join(layout().files, 'little.conf'), 'a = 3\n')
    const { props } = await provider.read('little', PROCESS, outs)
    expect(await changes(props as Record<string, unknown>, little())).toBe(true)
    await provider.update('little', PROCESS, outs, properties(little()))
    expect(readFileSync(join(layout().files, 'little.conf'), 'utf8')).toBe('a = 1\n')
  })

  it('that an interrupted update has left is taken over when it is what is asked for', async () => {
    const { pid } = await create(little())
    const again = await create(little())
    expect(again.pid).toBe(pid)
  })

  it('that an interrupted update has left otherwise is replaced', async () => {
    const { pid } = await create(little({ version: 'old' }))
    const again = await create(little())
    expect(again.pid).not.toBe(pid)
    expect(statOf(pid)).toBeUndefined()
  })

  it('is found without its record, as when Pulumi was killed before that was written', async () => {
    const { pid } = await create(little())
    rmSync(layout().record)
    const again = await create(little())
    expect(again.pid).not.toBe(pid)
    expect(statOf(pid)).toBeUndefined()
  })

  it('is killed with its children when it does not stop by itself', async () => {
    const { pid, outs } = await create(little({ stopSeconds: 0.3 }, 'stubborn', 'parent'))
    await vi.waitFor(() => expect(processesOf(little().folder)).toHaveLength(2))
    await provider.delete('little', PROCESS, outs)
    expect(statOf(pid)).toBeUndefined()
    expect(processesOf(little().folder)).toEqual([])
  })

  it('leaves data and log behind when it is deleted, but no secret', async () => {
    const { outs } = await create(little())
    writeFileSync(join(layout().data, 'rows'), '1')
    await provider.delete('little', PROCESS, outs)
    expect(existsSync(join(layout().data, 'rows'))).toBe(true)
    expect(existsSync(layout().log)).toBe(true)
    expect(existsSync(layout().secrets)).toBe(false)
  })

  it('is stopped, too, when only its orphaned children are left', async () => {
    const { pid } = await create(little({}, 'parent'))
    await vi.waitFor(() => expect(processesOf(little().folder)).toHaveLength(2))
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(statOf(pid)).toBeUndefined())
    expect(processesOf(little().folder)).toHaveLength(1)
    await create(little())
    expect(processesOf(little().folder)).toHaveLength(1)
  })

  it('whose pid was given to a stranger leaves the stranger alone', async () => {
    const { outs, pid } = await create(little())
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(statOf(pid)).toBeUndefined())
    const stranger = await bystander('sleep', '600')
    const record = readRecord(little().folder)
    if (!record) throw new Error('there is no record')
    writeRecord(little().folder, { ...record, pid: stranger })
    expect(await provider.read('little', PROCESS, outs)).toEqual({})
    await provider.delete('little', PROCESS, outs)
    expect(statOf(stranger)).toBeDefined()
  })
})

describe('a start that fails', () => {
  it('tells the last lines of the log, and leaves nothing', async () => {
    await expect(create(little({}, 'failing'))).rejects.toThrow(
      /little was not started: it ended before it was ready[^]*the store can not be opened/,
    )
    expect(processesOf(little().folder)).toEqual([])
  })

  it('tells what the component last answered when it is not ready in time, and leaves nothing', async () => {
    await expect(create(little({ startSeconds: 1 }, 'unready'))).rejects.toThrow(
      /it was not ready within 1 s: .*\/readyz answers 503: no store yet/,
    )
    expect(processesOf(little().folder)).toEqual([])
  })

  it('leaves nothing when it is cancelled, as by Ctrl-C', async () => {
    const starting = create(little({}, 'unready'))
    await vi.waitFor(() => expect(processesOf(little().folder)).toHaveLength(1))
    await provider.cancel()
    await expect(starting).rejects.toThrow('little was not started: the update was cancelled')
    expect(processesOf(little().folder)).toEqual([])
  })

  it('names the program that can not be started', async () => {
    await expect(create(little({ command: ['/no/such/program'] }))).rejects.toThrow(
      '/no/such/program can not be started',
    )
  })

  it('names who holds a port, before anything is touched', async () => {
    const { outs, pid } = await create(little())
    const takenPort = await freePort()
    const holder = await bystander(process.execPath, join(home, 'server.mjs'), String(takenPort))
    await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${takenPort}/`)).ok).toBe(true))
    const listeners = [{ endpoint: 'http', host: '127.0.0.1', port: takenPort, setting: 'little.port' }]
    await expect(provider.update('little', PROCESS, outs, properties(little({ listeners })))).rejects.toThrow(
      new RegExp(
        `Port ${takenPort} of little \\(http\\) is taken by process ${holder} \\(.*server.mjs ${takenPort}\\)[^]*` +
          "pulumi config set --path 'runlight:little.port'",
      ),
    )
    expect(statOf(pid)).toBeDefined()
  })
})

describe('a data folder', () => {
  const mark = () => ['sh', '-c', `echo {new-id} >> ${join(layout().data, 'id')}`]

  it('is initialised once, and keeps its identity', async () => {
    const inputs = little({ initialise: steps(mark()) })
    const first = await create(inputs)
    const id = readFileSync(join(layout().data, 'id'), 'utf8')
    expect(id).toMatch(/^[\w-]{22}\n$/)
    await provider.delete('little', PROCESS, first.outs)
    const second = await create(inputs)
    expect(readFileSync(join(layout().data, 'id'), 'utf8')).toBe(id)
    expect(second.outs['dataId']).toBe(first.outs['dataId'])
  })

  it('that was emptied is initialised again, with a new identity', async () => {
    const inputs = little({ initialise: steps(mark()) })
    const first = await create(inputs)
    await provider.delete('little', PROCESS, first.outs)
    rmSync(layout().data, { recursive: true })
    const second = await create(inputs)
    expect(second.outs['dataId']).not.toBe(first.outs['dataId'])
  })

  it('whose initialisation failed half-way is begun again from nothing', async () => {
    const failing = steps(mark(), ['sh', '-c', 'echo no space; exit 1'])
    await expect(create(little({ initialise: failing }))).rejects.toThrow(/step ended with code 1[^]*no space/)
    await create(little({ initialise: steps(mark()) }))
    expect(readFileSync(join(layout().data, 'id'), 'utf8').trim().split('\n')).toHaveLength(1)
  })

  it('with files that are not ours is not touched', async () => {
    const first = await create(little())
    await provider.delete('little', PROCESS, first.outs)
    rmSync(layout().dataId)
    writeFileSync(join(layout().data, 'precious'), 'x')
    await expect(create(little({ initialise: steps(mark()) }))).rejects.toThrow(
      'holds files, but was not made by Runlight',
    )
    expect(existsSync(join(layout().data, 'precious'))).toBe(true)
  })

  it('is prepared before each start', async () => {
    const count = join(home, 'count')
    const inputs = little({ prepare: steps(['sh', '-c', `echo once >> ${count}`]) })
    const { outs } = await create(inputs)
    await provider.update('little', PROCESS, outs, properties({ ...inputs, version: '2' }))
    expect(readFileSync(count, 'utf8')).toBe('once\nonce\n')
  })
})

describe('a job', () => {
  const job = (script: string, more: Partial<JobInputs> = {}): Record<string, unknown> => {
    const { component, folder, workingFolder, env, files, version, sources } = little()
    const inputs = { component, folder, workingFolder, env, files, secrets: {}, version, sources, data: ['a'] }
    return { ...inputs, command: ['sh', '-c', script], limitSeconds: 20, ...more }
  }

  it('runs to its end, and again only when its inputs or the data have changed', async () => {
    const { outs } = await provider.create(JOB, job('echo done'))
    expect(logOf()).toContain('done')
    expect((await provider.diff('little', JOB, outs, job('echo done'))).changes).toBe(false)
    expect((await provider.diff('little', JOB, outs, job('echo more'))).changes).toBe(true)
    expect((await provider.diff('little', JOB, outs, job('echo done', { data: ['b'] }))).changes).toBe(true)
    expect(await provider.read('little', JOB, outs)).toEqual({ id: 'little', props: outs })
  })

  it('that fails tells the last lines of its log', async () => {
    await expect(provider.create(JOB, job('echo no such topic; exit 4'))).rejects.toThrow(
      /little failed: it ended with code 4[^]*no such topic/,
    )
  })

  it('that takes too long is killed with its children', async () => {
    await expect(provider.create(JOB, job('sleep 600 & wait', { limitSeconds: 0.3 }))).rejects.toThrow(
      'it took longer than 0.3 s',
    )
    expect(processesOf(little().folder)).toEqual([])
  })
})
