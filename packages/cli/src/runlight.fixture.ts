// The command as a person runs it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const BIN = fileURLToPath(new URL('../bin/runlight.mjs', import.meta.url))

export interface Outcome {
  /** 128 and the signal's number where a signal ended it, as a shell tells it. */
  code: number | null
  out: string
  err: string
}

export interface RunningCommand {
  /** What it has written so far. */
  out: () => string
  ended: Promise<Outcome>
  /** Sends a signal and waits for the end. */
  end: (signal: NodeJS.Signals) => Promise<Outcome>
}

const SIGNALS: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGKILL: 137, SIGTERM: 143 }

/** Starts the command; `lines`: closes its pipe after so many, as `head` does. */
export function startRunlight(args: readonly string[], env: NodeJS.ProcessEnv, lines = Infinity): RunningCommand {
  const { NO_COLOR: _, FORCE_COLOR: __, ...rest } = process.env
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stderr.on('data', (chunk) => (err += String(chunk)))
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
    if (out.split('\n').length > lines) child.stdout.destroy()
  })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const ended = closed.then(([code, signal]) => ({
    code: code ?? (signal && SIGNALS[signal]) ?? null,
    out,
    err,
  }))
  return {
    out: () => out,
    ended,
    end: (signal) => {
      child.kill(signal)
      return ended
    },
  }
}

// With its last act the command writes down what the kernel has seen of its memory at most.
const TELL_PEAK = `import { readFileSync, writeFileSync } from 'node:fs'
process.on('exit', () => {
  const [, kilobytes] = /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
  writeFileSync(process.env.TEST_PEAK, kilobytes)
})`

/** Starts the command; once it has ended by itself, the file tells the most memory that it has held, in megabytes. */
export function startMeasured(args: readonly string[], env: NodeJS.ProcessEnv, file: string) {
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(TELL_PEAK)}`
  const command = startRunlight(args, { ...env, NODE_OPTIONS, TEST_PEAK: file })
  const peakMemory = () => {
    const megabytes = Number(readFileSync(file, 'utf8')) / 1024
    rmSync(file)
    return megabytes
  }
  return { ...command, peakMemory }
}

/** Runs the command to its end. */
export function runlight(args: readonly string[], env: NodeJS.ProcessEnv, lines?: number): Promise<Outcome> {
  return startRunlight(args, env, lines).ended
}

export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)
