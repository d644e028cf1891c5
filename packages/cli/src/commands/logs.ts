// `runlight logs RUN`

import type { StoredLog } from '@runlight/contracts/api'
import type { LogQuery } from '@runlight/sdk/client/api-client'
import type { Context } from '../context.ts'
import { logLine } from './format.ts'

export interface LogsOptions {
  /** Only the last so many. */
  lines?: number
  filters: Omit<LogQuery, 'cursor' | 'limit' | 'direction'>
  timestamps?: boolean
  json?: boolean
}

/** Prints a run's lines, oldest first. */
export async function printLogs({ api, output }: Context, runId: string, options: LogsOptions): Promise<void> {
  const { lines, filters, timestamps = false, json } = options
  const print = (log: StoredLog) => output.line(json ? JSON.stringify(log) : logLine(output, log, timestamps))
  if (lines === undefined) {
    for await (const log of api.allLogs(runId, filters)) await print(log)
    return
  }
  const last: StoredLog[] = []
  if (lines === 0) return
  const query = { ...filters, direction: 'backward', limit: Math.min(lines, 1_000) } as const
  for await (const log of api.allLogs(runId, query)) {
    last.push(log)
    if (last.length >= lines) break
  }
  for (const log of last.reverse()) await print(log)
}
