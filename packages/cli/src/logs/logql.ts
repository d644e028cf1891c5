// LogQL for one run: Loki's own answer, as lines or as rows of what was counted.

import type { StoredLog } from '@runlight/contracts/api'
import type { LokiAnswer } from '@runlight/contracts/api-loki'
import { formatInstant, instantFromNanos } from '@runlight/contracts/time'
import type { LokiQuery } from '@runlight/sdk/client/api-client'
import type { Context } from '../context.ts'
import { visibleText } from '../visible-text.ts'
import { lineView } from './line-view.ts'
import type { LineLook } from './line-view.ts'

/** Most lines of one answer. */
const MOST_LINES = 1_000

export interface LogqlOptions extends LineLook {
  query: string
  since?: string | undefined
  until?: string | undefined
  /** The last so many; else the first ones, as many as an answer holds. */
  lines?: number | undefined
  /** Loki's answer as it is. */
  json?: boolean | undefined
}

/** Prints what Loki answers; lines oldest first. @throws ApiProblem when the query is none that is taken */
export async function printLogql(context: Context, runId: string, options: LogqlOptions): Promise<void> {
  const { query, since, until, lines, json, ...look } = options
  const asked: LokiQuery = {
    ...{ query, limit: lines ?? MOST_LINES, direction: lines === undefined ? 'forward' : 'backward' },
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
  const answer = (await context.api.queryLoki(runId, asked)) as LokiAnswer
  const { output } = context
  if (json) return output.line(JSON.stringify(answer))
  for (const warning of answer.warnings ?? []) process.stderr.write(`${visibleText(warning, false)}\n`)
  const found = answer.data.result.flatMap((one) => ('stream' in one ? linesOf(one) : []))
  found.sort((a, b) => (a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0))
  const text = lineView(output, undefined, look)
  for (const { log } of found) await output.line(text(log))
  for (const row of answer.data.result.flatMap((one) => ('metric' in one ? rowsOf(one) : []))) await output.line(row)
  if (lines === undefined && found.length === MOST_LINES) {
    process.stderr.write(
      `One answer holds ${MOST_LINES} lines; --since goes on from the last one, -n gives the last ones.\n`,
    )
  }
}

type Result = LokiAnswer['data']['result'][number]

/** What a line needs to be shown as others are. A bridge may write whole records, or messages alone. */
function linesOf({ stream, values }: Extract<Result, { stream: unknown }>): { nanos: bigint; log: StoredLog }[] {
  return values.map(([time, line, labels]) => {
    const nanos = BigInt(time as string)
    const { structuredMetadata: own = {} } = (labels ?? {}) as { structuredMetadata?: Record<string, string> }
    const { node, level, attempt } = { ...stream, ...own }
    const log = {
      ...{ effectiveTs: formatInstant(instantFromNanos(nanos)), message: messageOf(String(line)) },
      ...{ level: level ?? 'info', stream: stream['stream'] ?? '' },
      ...(node && { nodeRef: node }),
      ...(attempt !== undefined && { attempt: Number(attempt) }),
    }
    return { nanos, log: log as StoredLog }
  })
}

function messageOf(line: string): string {
  try {
    const record = JSON.parse(line) as { schemaVersion?: unknown; message?: unknown } | null
    if (record?.schemaVersion !== undefined && typeof record.message === 'string') return record.message
  } catch {
    // a message that stands for itself
  }
  return line
}

/** Time, value and labels of each value of a series. */
function rowsOf({ metric, values }: Extract<Result, { metric: unknown }>): string[] {
  const labels = Object.entries(metric).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return values.map(([time, value]) =>
    visibleText([new Date(Number(time) * 1_000).toISOString(), value, ...labels].join('  '), false),
  )
}
