// `runlight logs`: lines of a run, or of components.

import type { StoredLog } from '@runlight/contracts/api'
import type { StreamDone } from '@runlight/contracts/api-stream'
import type { Context } from '../context.ts'
import { exporter } from '../logs/export.ts'
import type { ExportFormat } from '../logs/export.ts'
import { onInterrupt } from '../logs/interrupt.ts'
import { lineView } from '../logs/line-view.ts'
import { readLines } from '../logs/read-lines.ts'
import { findTarget, runTarget } from '../logs/target.ts'
import type { LineFilters, LogTarget } from '../logs/target.ts'
import { openFile } from '../output.ts'
import type { Output } from '../output.ts'
import { isAllThere, whatIsOpen } from '../run-end.ts'

export interface LogsOptions {
  filters: LineFilters
  /** Lines whose message holds a match of one of these are left out. */
  exclude?: readonly RegExp[]
  /** Only the last so many. */
  lines?: number | 'all' | undefined
  follow?: boolean | undefined
  timestamps?: boolean | undefined
  /** Who speaks, before each line; default true. */
  prefix?: boolean | undefined
  /** What is made to stand out. */
  highlight?: RegExp | undefined
  export?: ExportFormat | undefined
  /** File instead of standard output. */
  file?: string | undefined
}

/** What a follower of components is shown of the past. */
const LINES_BEFORE = 100
/** A run that was followed has ended, and not all of its lines are known to be there. */
const NOT_ALL_THERE = 7

/** Prints the lines of one run, oldest first. */
export async function printLogs(context: Context, runId: string, options: LogsOptions): Promise<void> {
  await print(context, runTarget(context, runId), options)
}

/**
 * Prints the lines of what is named, oldest first: nothing is all components, one name a run or a component, several are
 * components. In front of components, the nodes that are asked for name components too.
 */
export async function showLogs(context: Context, names: readonly string[], options: LogsOptions): Promise<void> {
  const { nodeRef, ...filters } = options.filters
  const isRun = names.length > 0 || nodeRef === undefined
  const target = await findTarget(context, isRun ? names : [nodeRef].flat().flatMap((given) => given.split(',')))
  const untold = target.components && options.follow && filters.since === undefined
  await print(context, target, {
    ...options,
    filters: isRun ? options.filters : filters,
    lines: options.lines ?? (untold ? LINES_BEFORE : undefined),
  })
}

async function print({ output }: Context, target: LogTarget, options: LogsOptions): Promise<void> {
  const { file, filters, lines, follow, exclude = [] } = options
  const stop = new AbortController()
  const told: { done?: StreamDone } = {}
  const read = readLines(target, {
    ...{ filters, exclude, follow, signal: stop.signal },
    lines: lines === 'all' ? undefined : lines,
    onDone: (done) => (told.done = done),
  })
  const opened = file === undefined || file === '-' ? undefined : await openFile(file)
  const listening = onInterrupt((exitCode) => {
    process.exitCode = exitCode
    // What was followed ends here, whole; a part of anything else is nothing.
    if (follow) return stop.abort(new Error('It was interrupted'))
    opened?.discardNow()
    process.exit()
  })
  try {
    await write(opened?.output ?? output, target, read, options)
    await opened?.keep()
    if (told.done) tellEnd(told.done, opened && file)
  } catch (error) {
    await opened?.discard()
    throw error
  } finally {
    listening()
  }
}

/** What a script makes of the exit code, a person makes of the words; the file stays, as all that there was. */
function tellEnd(done: StreamDone, file: string | undefined): void {
  const kept = file === undefined ? '' : ` ${file} holds those that had come.`
  const open = whatIsOpen(done, `The same command without -f gives the lines that have come since.${kept}`)
  if (open !== undefined) process.stderr.write(`${open}\n`)
  if (!isAllThere(done)) process.exitCode ??= NOT_ALL_THERE
}

async function write(
  output: Output,
  target: LogTarget,
  read: AsyncIterable<StoredLog>,
  { export: format, timestamps = false, prefix = true, highlight }: LogsOptions,
): Promise<void> {
  if (format === undefined) {
    const text = lineView(output, target.components, { timestamps, prefix, highlight })
    for await (const log of read) await output.line(text(log))
    return
  }
  const { head, line, tail } = exporter(format)
  if (head !== undefined) await output.line(head)
  let index = 0
  for await (const log of read) await output.line(line(log, index++))
  if (tail !== undefined) await output.line(tail)
}
