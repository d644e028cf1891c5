// `runlight logs`: lines of a run, or of components.

import type { StoredLog } from '@runlight/contracts/api'
import type { Context } from '../context.ts'
import { componentLines } from '../logs/component-line.ts'
import { exporter } from '../logs/export.ts'
import type { ExportFormat } from '../logs/export.ts'
import { readLines } from '../logs/read-lines.ts'
import { findTarget, runTarget } from '../logs/target.ts'
import type { LineFilters, LogTarget } from '../logs/target.ts'
import { openFile } from '../output.ts'
import type { Output } from '../output.ts'
import { logLine } from './format.ts'

export interface LogsOptions {
  filters: LineFilters
  /** Only the last so many. */
  lines?: number | undefined
  follow?: boolean | undefined
  timestamps?: boolean | undefined
  /** The component before each line; default true. */
  prefix?: boolean | undefined
  export?: ExportFormat | undefined
  /** File instead of standard output. */
  file?: string | undefined
}

/** What a follower of components is shown of the past. */
const LINES_BEFORE = 100

/** Prints the lines of one run, oldest first. */
export async function printLogs(context: Context, runId: string, options: LogsOptions): Promise<void> {
  await print(context, runTarget(context, runId), options)
}

/**
 * Prints the lines of what is named, oldest first: nothing is all components, one name a run or a component, several are
 * components.
 */
export async function showLogs(context: Context, names: readonly string[], options: LogsOptions): Promise<void> {
  const target = await findTarget(context, names)
  const untold = target.components && options.follow && options.filters.since === undefined
  await print(context, target, { ...options, lines: options.lines ?? (untold ? LINES_BEFORE : undefined) })
}

async function print({ output }: Context, target: LogTarget, options: LogsOptions): Promise<void> {
  const { file, filters, lines, follow } = options
  const read = readLines(target, { filters, lines, follow })
  if (file === undefined) return write(output, target, read, options)
  const opened = await openFile(file)
  try {
    await write(opened.output, target, read, options)
    await opened.keep()
  } catch (error) {
    await opened.discard()
    throw error
  }
}

async function write(
  output: Output,
  target: LogTarget,
  read: AsyncIterable<StoredLog>,
  { export: format, timestamps = false, prefix = true }: LogsOptions,
): Promise<void> {
  if (format === undefined) {
    const text = target.components
      ? componentLines(output, target.components, { timestamps, prefix })
      : (log: StoredLog) => logLine(output, log, timestamps)
    for await (const log of read) await output.line(text(log))
    return
  }
  const { head, line, tail } = exporter(format)
  if (head !== undefined) await output.line(head)
  let index = 0
  for await (const log of read) await output.line(line(log, index++))
  if (tail !== undefined) await output.line(tail)
}
