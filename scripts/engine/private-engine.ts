// A Docker engine of a test run's own, on a Debian machine that is ours to change (CI): installed, started beside
// everything else that runs there, and taken away without a trace.
//
// Its processes are in a namespace of their own, and so are its mounts: when its first process ends, however it ends, the
// kernel ends the containers and takes the mounts. It makes no bridge and no packet filter: containers use the network of
// the machine, or none.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandFailed, run } from '../tools/command.ts'
import { installDebianPackages, whyNoDebianPackages } from '../tools/sources/debian-package.ts'
import type { AptJob } from '../tools/sources/debian-package.ts'
import { makeBaseImage } from './base-image.ts'
import { registryProgram } from './registry-program.ts'

const INSTALL_MS = 300_000
const REGISTRY_MS = 120_000
const START_MS = 60_000
const STOP_MS = 30_000
const PACKAGES = ['docker.io', 'debootstrap']
const CGROUPS = '/sys/fs/cgroup'

export interface PrivateEngine {
  /** What the docker command and the suites need to find it. */
  env: Readonly<Record<string, string>>
  /** Ends it and removes all that it had; never fails. */
  stop: () => Promise<void>
}

export interface EngineOptions {
  signal: AbortSignal
  /** Told what is being done. */
  note: (text: string) => void
}

/**
 * Installs an engine where there is none, starts it, and makes an image with Node on it. Every step is limited in time.
 * @throws Error that says in a sentence why there is no engine; then nothing is left of it
 */
export async function startPrivateEngine(options: EngineOptions): Promise<PrivateEngine> {
  const unsupported = process.platform === 'linux' ? whyNoDebianPackages(PACKAGES) : 'it needs Linux'
  if (unsupported) throw new Error(unsupported)
  refuseBesideAnother()
  await install(options)
  // Where a machine starts what is installed on it.
  refuseBesideAnother()
  const folder = await mkdtemp(join(tmpdir(), 'runlight-engine-'))
  const engine = startProcess(folder)
  const stop = () => stopEngine(engine, folder)
  try {
    const host = `unix://${join(folder, 'docker.sock')}`
    const env = { ...process.env, DOCKER_HOST: host }
    options.note('starting an engine')
    await untilReady(engine, env, folder, options.signal)
    const work = join(folder, 'base')
    const base = await makeBaseImage({ env, folder: work, ...options })
    await rm(work, { recursive: true })
    const registry = await registryFor(join(folder, 'registry'), options)
    return { env: { DOCKER_HOST: host, RUNLIGHT_TEST_BASE_IMAGE: base, ...registry }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** For the tests that push; the others do without. */
async function registryFor(folder: string, options: EngineOptions): Promise<Record<string, string>> {
  try {
    return { RUNLIGHT_TEST_REGISTRY: await registryProgram(folder, aptJob(options, REGISTRY_MS)) }
  } catch (error) {
    options.signal.throwIfAborted()
    return { RUNLIGHT_TEST_NO_REGISTRY: (error as Error).message }
  }
}

/** An engine without a bridge takes away the one that another engine has under the usual name. */
function refuseBesideAnother(): void {
  if (isRunning('dockerd')) throw new Error('another engine runs on this machine, which it could disturb')
}

/** Whether a process of that name runs on this machine. */
function isRunning(name: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name
    } catch {
      return false
    }
  })
}

async function install(options: EngineOptions): Promise<void> {
  const job = aptJob(options, INSTALL_MS)
  const found = (program: string) =>
    job.run({ file: 'sh', args: ['-c', `command -v ${program}`] }).then(
      () => true,
      () => false,
    )
  if ((await found('dockerd')) && (await found('docker')) && (await found('debootstrap'))) return
  await installDebianPackages(PACKAGES, job)
}

function aptJob({ signal, note }: EngineOptions, limitMs: number): AptJob {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
  return { env: process.env, signal: limited, note, run: (command) => run({ ...command, signal: limited }) }
}

function startProcess(folder: string): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a')
  const at = (name: string) => join(folder, name)
  try {
    const engine = spawn(
      'setpriv',
      [
        // Ends with this process, too.
        ...['--pdeathsig', 'KILL', '--'],
        ...['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
        ...['dockerd', '--host', `unix://${at('docker.sock')}`, '--pidfile', at('pid')],
        ...['--data-root', at('data'), '--exec-root', at('exec'), '--cgroup-parent', `/${basename(folder)}`],
        ...['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
      ],
      { stdio: ['ignore', log, log], detached: true },
    )
    // One that can't be started has an exit code, too.
    engine.on('error', () => undefined)
    return engine
  } finally {
    closeSync(log)
  }
}

async function untilReady(
  engine: ChildProcess,
  env: NodeJS.ProcessEnv,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(START_MS)])
  for (;;) {
    const isReady = await run({ file: 'docker', args: ['info'], env, signal: limited }).then(
      () => true,
      () => false,
    )
    if (isReady) return
    signal.throwIfAborted()
    if (limited.aborted || engine.exitCode !== null || engine.signalCode !== null) {
      const said = readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n').slice(-5).join('\n')
      throw new CommandFailed(`dockerd does not get ready: ${said}`, [])
    }
    await sleep(200)
  }
}

async function stopEngine(engine: ChildProcess, folder: string): Promise<void> {
  const ended = engine.exitCode !== null || engine.signalCode !== null ? Promise.resolve() : once(engine, 'exit')
  const timer = setTimeout(() => engine.kill('SIGKILL'), STOP_MS)
  // As it is asked to, it stops its containers and removes their groups; unshare itself passes nothing on.
  for (const pid of childrenOf(engine.pid)) signalTo(pid, 'SIGTERM')
  await ended
  clearTimeout(timer)
  await removeGroups(basename(folder))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch((error: unknown) => {
    console.error(`${folder} could not be removed: ${String(error)}`)
  })
}

function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

/** The engine leaves the control group that its containers' groups lay in, in each hierarchy. */
async function removeGroups(name: string): Promise<void> {
  const hierarchies = await readdir(CGROUPS).catch(() => [])
  for (const group of [join(CGROUPS, name), ...hierarchies.map((each) => join(CGROUPS, each, name))]) {
    for (const inner of await readdir(group, { withFileTypes: true }).catch(() => [])) {
      if (inner.isDirectory()) await rmdir(join(group, inner.name)).catch(() => undefined)
    }
    await rmdir(group).catch(() => undefined)
  }
}
