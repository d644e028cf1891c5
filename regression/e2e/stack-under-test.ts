// The whole local stack for a test: brought up by the commands that a person uses, with a home and ports of its own.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../fixtures/server-process.ts'

const CLONE = fileURLToPath(new URL('../..', import.meta.url))

/** Every setting that takes a port. */
const PORT_SETTINGS = [
  'bus.port',
  'bus.controllerPort',
  'loki.port',
  'loki.grpcPort',
  'postgres.port',
  'temporal.port',
  'temporal.uiPort',
  'temporal.metricsPort',
  'prometheus.port',
  'bridges.loki.port',
  'bridges.postgres.port',
  'observer.port',
  'collector.port',
  'api.port',
  'demo.port',
]

export interface StackOutputs {
  addresses: Record<'api' | 'temporalUi' | 'temporal' | 'broker' | 'loki' | 'postgres' | 'prometheus', string>
  demo: { namespace: string; taskQueue: string }
  components: Record<string, { title: string; version: string; health: string; log: string; pid: number }>
}

export interface CommandResult {
  code: number
  output: string
}

export interface StackUnderTest {
  home: string
  outputs: StackOutputs
  ports: number[]
  /** Runs `pulumi <args>` in the environment that set-up has written. */
  pulumi: (...args: string[]) => Promise<CommandResult>
  /** Runs any command in that environment. */
  run: (command: string[], env?: Record<string, string>) => Promise<CommandResult>
  /** `pulumi up`; fails with its output when that fails. */
  up: () => Promise<CommandResult>
  refreshOutputs: () => Promise<StackOutputs>
  /** Takes the stack and its data away. */
  down: () => Promise<void>
}

/** Brings the stack up; what fails is thrown with the command's output, and taken down first. */
export async function startStack(): Promise<StackUnderTest> {
  const home = await mkdtemp(join(tmpdir(), 'runlight-e2e-'))
  const ports = await freePorts(PORT_SETTINGS.length)
  const env = { ...process.env, RUNLIGHT_HOME: home }
  const stack = 'local-e2e'

  const run: StackUnderTest['run'] = (command, extra = {}) =>
    execute('sh', ['-c', '. "$RUNLIGHT_HOME/env" && exec "$@"', 'sh', ...command], { ...env, ...extra })
  const pulumi = (...args: string[]) => run(['pulumi', ...args, '--stack', stack, '--non-interactive'])
  const must = async (what: string, running: Promise<CommandResult>): Promise<CommandResult> => {
    const result = await running
    if (result.code !== 0) throw new Error(`${what} ended with ${result.code}:\n${result.output}`)
    return result
  }
  const up = () => must('pulumi up', pulumi('up', '--yes', '--skip-preview'))
  const refreshOutputs = async () => {
    const { output } = await must('pulumi stack output', pulumi('stack', 'output', '--json'))
    Object.assign(under.outputs, JSON.parse(output))
    return under.outputs
  }
  const down = async () => {
    await must('npm run down', execute('node', ['scripts/bootstrap.mjs', 'down', '--stack', stack, '--volumes'], env))
    await rm(home, { recursive: true, force: true })
  }
  const under: StackUnderTest = {
    home,
    outputs: { addresses: {}, components: {} } as unknown as StackOutputs,
    ports,
    pulumi,
    run,
    up,
    refreshOutputs,
    down,
  }
  await must('npm run setup', execute('node', ['scripts/bootstrap.mjs', 'setup', '--stack', stack], env))
  try {
    const settings = PORT_SETTINGS.map((setting, index) => `runlight:${setting}=${ports[index]}`)
    await must(
      'pulumi config set-all',
      pulumi('config', 'set-all', '--path', ...settings.flatMap((setting) => ['--plaintext', setting])),
    )
    await up()
    await refreshOutputs()
  } catch (error) {
    await down().catch(() => undefined)
    throw error
  }
  return under
}

/** Runs a program to its end; its output is kept whole, both streams in the order of their arrival. */
async function execute(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<CommandResult> {
  return await new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: CLONE, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const collect = (chunk: Buffer): void => {
      output += chunk.toString()
    }
    child.stdout.on('data', collect)
    // What is parsed comes on standard output; a warning must not be mixed into it.
    child.stderr.on('data', args.includes('--json') ? () => undefined : collect)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
