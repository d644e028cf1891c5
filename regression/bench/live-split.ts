// Where the time of a line goes between the worker that says it and who follows its run.

import type { Sql } from 'postgres'
import type { DeliveryStack } from '../delivery/delivery-stack.ts'
import { until } from '../fixtures/server-process.ts'
import type { ReceivedLine } from './followers.ts'
import { timings } from './reading.ts'
import type { ReadingFigure } from './reading.ts'

/** Lets the server keep the time of each commit; it is started anew, so nothing may be connected that minds. */
export async function keepCommitTimes({ sql, postgres }: DeliveryStack): Promise<void> {
  await sql`alter system set track_commit_timestamp = on`
  await postgres.shutDown()
  await postgres.start()
  await until(async () => {
    const [row] = await sql<{ on: string }[]>`select current_setting('track_commit_timestamp') as on`
    if (row?.on !== 'on') throw new Error('The times of commits are not kept.')
  })
}

interface Stops {
  /** Milliseconds since the epoch: the line's own time, the broker's, and that of its transaction's commit. */
  said: number
  appended: number
  stored: number
}

/** The ways of a line one after another, by what the broker and the store know of it. */
export async function split(
  sql: Sql,
  runs: { from: string; below: string },
  received: readonly ReceivedLine[],
): Promise<ReadingFigure[]> {
  const rows = await sql<(Stops & { position: string })[]>`
    select kafka_partition || ':' || kafka_offset as position, timestamp_ns / 1e6::float8 as said,
      extract(epoch from created_at)::float8 * 1000 as appended,
      extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 as stored
    from logs where job_run_id >= ${runs.from} and job_run_id < ${runs.below}`
  const stops = new Map(rows.map((row) => [row.position, row]))
  const ways = received.flatMap(([position, at]) => {
    const line = stops.get(position)
    return line ? [{ ...line, at }] : []
  })
  const way = (what: string, taken: (line: Stops & { at: number }) => number) => timings(what, ways.map(taken))
  return [
    ...way('  of that: from the line to the bus', ({ said, appended }) => appended - said),
    ...way('  from the bus to the commit in the store', ({ appended, stored }) => stored - appended),
    ...way('  from the commit to the follower', ({ stored, at }) => at - stored),
  ]
}

/** How much of a histogram lies at or below some of its bounds, between two readings of all metrics. */
export async function histogramOf(url: string, name: string): Promise<Map<string, number>> {
  const text = await (await fetch(new URL('/metrics', url))).text()
  const found = text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)`, 'gm'))
  return new Map([...found].map(([, bound = '', count]) => [bound, Number(count)]))
}

export function withinBounds(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  bounds: readonly number[],
): ReadingFigure[] {
  const count = (bound: string) => (after.get(bound) ?? 0) - (before.get(bound) ?? 0)
  return bounds.map((bound) => ({
    what: `  written by the API within ${bound} ms, by its own measure`,
    value: (100 * count(String(bound))) / count('+Inf'),
    unit: '%',
  }))
}
