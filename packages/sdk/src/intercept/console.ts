// console.* as log entries, besides what it shows.

import { format, inspect } from 'node:util'
import type { LogLevel } from '@runlight/contracts/log-entry'
import { isError, safeText } from '../json.ts'
import type { LogWriter } from '../log-writer.ts'
import { sinkFor } from './line-sink.ts'

/** The methods that write; table, group, count, time and assert call these. */
const METHODS = {
  debug: 'debug',
  trace: 'debug',
  log: 'info',
  info: 'info',
  dir: 'info',
  warn: 'warn',
  error: 'error',
} as const satisfies Record<string, LogLevel>
type Method = keyof typeof METHODS

export interface ConsoleOptions {
  /** Who speaks outside of execution contexts, such as `telemetry.component('my-service')`. */
  to: LogWriter
  /** Whether the console goes on showing what is logged. Default true. */
  show?: boolean
}

/**
 * From now on what is logged through the console is an entry too: of the execution context of the code that logs, else
 * of `to`. Plain objects become metadata, an Error keeps its stack. Gives the way to take it back.
 */
export function interceptConsole({ to, show = true }: ConsoleOptions): () => void {
  const sink = sinkFor(to)
  let installed = true
  // console.table logs through console.log, console.trace through console.error: that is one entry.
  let inside = false
  const restore = (Object.keys(METHODS) as Method[]).map((method) => {
    const original = console[method] as (...args: unknown[]) => void
    const intercepted = (...args: unknown[]): void => {
      if (!installed || inside) return original.apply(console, args)
      inside = true
      try {
        if (show) original.apply(console, args)
      } finally {
        inside = false
      }
      ship(sink, method, args)
    }
    console[method] = intercepted
    return () => {
      // Where somebody has replaced it since, theirs stays; ours, which theirs may call, only passes on.
      if (console[method] === intercepted) console[method] = original
    }
  })
  return () => {
    installed = false
    for (const undo of restore) undo()
  }
}

function ship(sink: ReturnType<typeof sinkFor>, method: Method, args: readonly unknown[]): void {
  try {
    sink({ level: METHODS[method], ...describe(method, args) })
  } catch {
    // A value that throws while it is shown: the console has shown what it could.
    sink({ level: METHODS[method], message: args.map(safeText).join(' ') })
  }
}

function describe(method: Method, args: readonly unknown[]): { message: string; metadata?: Record<string, unknown> } {
  if (method === 'dir') return { message: inspect(args[0]) }
  const { text, rest } = split(args)
  const metadata: Record<string, unknown> = {}
  const errors = rest.filter(isError)
  for (const value of rest) {
    if (isPlainObject(value)) Object.assign(metadata, value)
  }
  if (errors.length > 0) metadata['error'] = errors[0]
  if (errors.length > 1) metadata['errors'] = errors.slice(1)
  if (method === 'trace') metadata['stack'] = new Error('console.trace').stack
  const shown = rest.filter((value) => !isPlainObject(value)).map((value) => (isError(value) ? value.message : value))
  const parts = [...text, ...shown]
  // An object alone has no message: what the console shows of it is one.
  const message = parts.length > 0 || rest.length === 0 ? format(...parts) : format(...rest)
  return Object.keys(metadata).length > 0 ? { message, metadata } : { message }
}

/** A format and what its placeholders take, and what is left. */
function split(args: readonly unknown[]): { text: unknown[]; rest: unknown[] } {
  const [first] = args
  if (typeof first !== 'string') return { text: [], rest: [...args] }
  const placeholders = first.match(/%[sdifjoOc%]/g)?.filter((placeholder) => placeholder !== '%%').length ?? 0
  return { text: args.slice(0, 1 + placeholders), rest: args.slice(1 + placeholders) }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isError(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
