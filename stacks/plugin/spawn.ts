// Starting programs: with an environment of their own, output to a log file, nothing inherited from Pulumi.

import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { NEW_ID } from '../components/component.ts'
import type { Step } from './inputs.ts'
import { newId } from './new-id.ts'
import { FOLDER_VARIABLE } from './proc.ts'

/** What a program gets from the person's environment; all else (NODE_OPTIONS, Pulumi's passphrase) stays out. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'JAVA_HOME']

interface Launch {
  folder: string
  workingFolder: string
  command: readonly string[]
  env: Readonly<Record<string, string>>
  log: string
  stdin?: string | undefined
}

/**
 * Starts a program in a session of its own, so that it lives on without Pulumi and can be stopped with its children.
 * @throws Error when the program cannot be started at all
 */
export async function launch({ folder, workingFolder, command, env, log, stdin }: Launch): Promise<ChildProcess> {
  const output = openSync(log, 'a', 0o600)
  const input = stdin === undefined ? 'ignore' : openSync(stdin, 'r')
  try {
    const [bin = '', ...args] = command
    const child = spawn(bin, args, {
      cwd: workingFolder,
      detached: true,
      stdio: [input, output, output],
      env: { ...inheritedEnvironment(), ...env, [FOLDER_VARIABLE]: folder },
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (cause) => reject(new Error(`${bin} cannot be started: ${cause.message}`, { cause })))
    })
    child.unref()
    return child
  } finally {
    closeSync(output)
    if (typeof input === 'number') closeSync(input)
  }
}

/**
 * Runs a program to its end.
 * @throws Error with its exit code, or when `signal` aborts it (it is killed with its children)
 */
export async function runToEnd(launched: Launch, name: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const child = await launch(launched)
  const kill = () => child.pid !== undefined && killGroup(child.pid)
  signal.addEventListener('abort', kill, { once: true })
  try {
    const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      child.once('exit', (...how) => resolve(how))
    })
    signal.throwIfAborted()
    if (code !== 0)
      throw new Error(`${name} ${code === null ? `was killed by ${killedBy}` : `ended with code ${code}`}`)
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

/** A step of initialisation or preparation. */
export async function runStep(step: Step, at: Omit<Launch, 'command' | 'env' | 'stdin'>, signal: AbortSignal) {
  const command = step.command.map((part) => part.replaceAll(NEW_ID, () => newId()))
  await runToEnd({ ...at, command, env: step.env, stdin: step.stdin }, step.name, signal)
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}
