import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'

/** A program to run to its end, without a shell. */
export interface Command {
  file: string
  args: readonly string[]
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Written to the program's standard input: the way for secrets, which must not be seen in a process list. */
  input?: string
  /** Aborting ends the program and everything that it started. */
  signal?: AbortSignal
  /** Called for each line of both outputs. */
  onLine?: (line: string) => void
  /** A file that both outputs are appended to. */
  log?: string
}

/** A program that ended badly, with the last lines of what it said. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  readonly tail: readonly string[]

  constructor(message: string, tail: readonly string[], options?: { cause?: unknown }) {
    super(message, options)
    this.tail = tail
  }
}

const keptLines = 40
/** How long a program may take to end after SIGTERM, in milliseconds. */
const graceMs = 5_000

/**
 * Runs a program to its end and returns its standard output. It gets a process group of its own, so that stopping it
 * also stops the compilers and downloads that it started.
 *
 * @throws CommandFailed when it can't be started or exits with another code than 0; the signal's reason when aborted
 */
export async function run(command: Command): Promise<string> {
  command.signal?.throwIfAborted()
  const child = spawn(command.file, [...command.args], {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: [command.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const tail: string[] = []
  const log = command.log === undefined ? undefined : createWriteStream(command.log, { flags: 'a' })
  log?.on('error', () => undefined)
  log?.write(`\n$ ${[command.file, ...command.args].join(' ')}\n`)
  let output = ''
  const onLine = (line: string): void => {
    tail.push(line)
    if (tail.length > keptLines) tail.shift()
    log?.write(`${line}\n`)
    command.onLine?.(line)
  }
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  splitLines(child.stdout, onLine)
  splitLines(child.stderr, onLine)
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(command.input)

  const killGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // The group is gone already.
    }
  }
  const onExit = (): void => killGroup('SIGKILL')
  process.once('exit', onExit)
  let force: NodeJS.Timeout | undefined
  const onAbort = (): void => {
    killGroup('SIGTERM')
    force = setTimeout(() => killGroup('SIGKILL'), graceMs)
  }
  command.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const ended = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
    command.signal?.throwIfAborted()
    if (ended.code === 0) return output
    const how = ended.signal ? `was ended by ${ended.signal}` : `ended with exit code ${ended.code}`
    throw new CommandFailed(`${command.file} ${how}.`, tail)
  } catch (error) {
    if (error instanceof CommandFailed || command.signal?.aborted) throw error
    throw new CommandFailed(`${command.file} could not be started: ${String(error)}.`, tail, { cause: error })
  } finally {
    clearTimeout(force)
    process.off('exit', onExit)
    command.signal?.removeEventListener('abort', onAbort)
    log?.end()
  }
}

function splitLines(stream: Readable | null, onLine: (line: string) => void): void {
  let rest = ''
  // Colours, and lines of nothing but colours, are for a terminal.
  const tell = (line: string): void => {
    const text = stripVTControlCharacters(line).trimEnd()
    if (text !== '') onLine(text)
  }
  stream?.setEncoding('utf8')
  stream?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r\n|\n|\r/)
    rest = lines.pop() ?? ''
    for (const line of lines) tell(line)
  })
  stream?.on('end', () => {
    tell(rest)
  })
}
