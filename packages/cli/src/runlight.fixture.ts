// The command as a person runs it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
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
  /** Most memory that it has held so far, in megabytes. */
  peakMemory: () => number
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
  let peak = 0
  const measure = setInterval(() => {
    try {
      const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
      peak = Math.max(peak, Number(kilobytes ?? 0) / 1024)
    } catch {
      // it has ended
    }
  }, 20)
  child.on('close', () => clearInterval(measure))
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const ended = closed.then(([code, signal]) => ({
    code: code ?? (signal && SIGNALS[signal]) ?? null,
    out,
    err,
  }))
  return {
    out: () => out,
    ended,
    peakMemory: () => peak,
    end: (signal) => {
      child.kill(signal)
      return ended
    },
  }
}

/** Runs the command to its end. */
export function runlight(args: readonly string[], env: NodeJS.ProcessEnv, lines?: number): Promise<Outcome> {
  return startRunlight(args, env, lines).ended
}

export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)
