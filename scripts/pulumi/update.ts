// `pulumi up` and `pulumi destroy` with progress, in the words of Runlight.

import { spawn } from 'node:child_process'
import { hostname } from 'node:os'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { Failure } from '../failure.ts'
import { npmRun } from '../npm-run.ts'
import { cloneRoot } from '../environment/home.ts'
import type { Progress } from '../terminal/progress.ts'
import { run } from '../tools/command.ts'
import { readEvent } from './engine-events.ts'
import { explainError } from './explain.ts'

export interface Update {
  verb: 'up' | 'destroy'
  stack: string
  /** The environment in which `pulumi` works on the stack. */
  env: NodeJS.ProcessEnv
  progress: Progress
  signal: AbortSignal
}

interface Ended {
  code: number | null
  /** Messages of severity error, as Pulumi gave them. */
  errors: string[]
  /** What it wrote beside its events. */
  words: string
}

/**
 * Runs an update to its end. When `signal` is aborted, Pulumi is asked to stop (as by Ctrl-C) and undoes what it has
 * half done; the next update goes on from there.
 *
 * @throws Failure with what Pulumi says; the signal's reason when aborted
 */
export async function runUpdate(update: Update): Promise<void> {
  let ended = await runOnce(update)
  const dead = deadLockHolder(ended.words)
  if (ended.code !== 0 && dead !== undefined && !update.signal.aborted) {
    update.progress.say(`An earlier update (process ${dead}) was killed; taking its lock away.`)
    const args = ['cancel', '--yes', '--stack', update.stack, '--non-interactive']
    await run({ file: 'pulumi', args, cwd: cloneRoot, env: update.env, signal: update.signal })
    ended = await runOnce(update)
  }
  update.signal.throwIfAborted()
  if (ended.code === 0) return
  const again = npmRun(update.verb === 'up' ? 'up' : 'down', update.stack)
  throw new Failure({
    what: `The stack ${update.stack} was not ${update.verb === 'up' ? 'brought up' : 'taken down'}.`,
    why: ended.errors.join('\n') || ended.words.trim() || `pulumi ${update.verb} ended with exit code ${ended.code}`,
    next: `Correct what is said above, then run \`${again}\` again: it continues where it was.`,
  })
}

async function runOnce({ verb, stack, env, progress, signal }: Update): Promise<Ended> {
  signal.throwIfAborted()
  const args = [verb, '--stack', stack, '--yes', '--skip-preview', '--json', '--non-interactive']
  const child = spawn('pulumi', args, {
    cwd: cloneRoot,
    env: { ...env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: 'true' },
    // A group of its own: Ctrl-C reaches it through us alone, and once.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const interrupt = () => child.kill('SIGINT')
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', interrupt, { once: true })
  process.once('exit', kill)

  const steps = new Map<string, { done: () => void; failed: () => void }>()
  const errors = new Set<string>()
  createInterface(child.stdout).on('line', (line) => {
    const event = readEvent(line)
    if (!event) return
    if (event.kind === 'error') errors.add(explainError(event.message, event.of, stack))
    else if (event.kind === 'warning') progress.say(event.message)
    else if (event.kind === 'begun') steps.set(event.resource, beginStep(progress, event.title))
    else steps.get(event.resource)?.[event.kind]()
  })
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words += chunk))
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return { code, errors: [...errors], words }
  } finally {
    // What was neither done nor failed was cut short.
    for (const step of steps.values()) step.failed()
    signal.removeEventListener('abort', interrupt)
    process.off('exit', kill)
  }
}

function beginStep(progress: Progress, title: string): { done: () => void; failed: () => void } {
  const { promise, resolve, reject } = withResolvers()
  // The reason is told once, when all is over.
  progress.step(title, () => promise).catch(() => undefined)
  return { done: resolve, failed: () => reject(new Error(title)) }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (reason: Error) => void } {
  let resolve = (): void => undefined
  let reject = (_: Error): void => undefined
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone
    reject = onFailed
  })
  return { promise, resolve, reject }
}

/** Pulumi's file backend leaves its lock behind when Pulumi is killed. The lock of a living holder is respected. */
function deadLockHolder(words: string): number | undefined {
  const holders = [...words.matchAll(/created by \S+@(\S+) \(pid (\d+)\)/g)]
  const isDead = holders.every(([, host, pid]) => host === hostname() && !isRunning(Number(pid)))
  return holders.length > 0 && isDead ? Number(holders[0]?.[2]) : undefined
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
