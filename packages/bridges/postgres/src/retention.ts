// The days of `logs`: made before they begin, and dropped after their time, but only once Loki has them.

import { setTimeout as sleep } from 'node:timers/promises'
import { unlessAborted } from '@runlight/bridge-core/until-done'
import { METRICS } from '@runlight/contracts/metrics'
import type { Log } from '@runlight/service/log'
import type { Metrics } from '@runlight/service/metrics'
import type { Admin } from 'kafkajs'
import postgres from 'postgres'
import type { Sql } from 'postgres'
import { LogPartitions } from './log-partitions.ts'
import { lokiPassed } from './loki-progress.ts'
import type { DayVerdict, LogTopic } from './loki-progress.ts'

const DAY_MS = 86_400_000
/** A broker's clock may be behind: until then a day may still get records. */
const CLOCK_SLACK_MS = 10 * 60_000
/** How long readers may wait behind a drop that waits itself. */
const LOCK_TIMEOUT_MS = 200
const ATTEMPTS = 5
const PASS_INTERVAL_MS = 5 * 60_000

export type KeptReason = Exclude<DayVerdict, 'passed'> | 'older_life' | 'in_use'

/** Why a day is kept, and what can be done. */
const KEPT: { readonly [R in KeptReason]: string } = {
  loki_absent: "Loki's consumer group has committed nothing on the log topic. Is the Loki bridge running?",
  loki_behind: "Loki's consumer group has not passed it. Is Loki up, and the Loki bridge?",
  older_life:
    'it has records of an older life of the topic, and Loki was not seen to have passed them. If you do not need them, drop it as the owner: select runlight_drop_log_partition(day).',
  in_use: 'somebody was reading it each time; it will be tried again.',
}

export interface RetentionSettings {
  sql: Sql
  admin: Admin
  log: Log
  logTopic: LogTopic
  /** Days besides the present one. */
  daysKept: number
}

export interface RetentionPass {
  dropped: string[]
  /** Days past their time that are kept, with the reason. */
  overdue: { day: string; reason: KeptReason }[]
}

/**
 * Makes the partitions of the next days, notes which of the days that are over Loki has passed, and drops those that
 * are past their time. Several instances may do it at once.
 * @param now milliseconds since the epoch
 */
export async function retentionPass(settings: RetentionSettings, now: number): Promise<RetentionPass> {
  const { sql, daysKept } = settings
  await new LogPartitions(sql).ensureAhead(now)
  const firstKept = dayText(now - daysKept * DAY_MS)
  const result: RetentionPass = { dropped: [], overdue: [] }
  for (const { day, passed, older } of await readDays(sql)) {
    const end = Date.parse(`${day}T00:00:00Z`) + DAY_MS
    if (end + CLOCK_SLACK_MS > now) continue
    const verdict = passed ? 'passed' : await judgeDay(settings, day, end, older)
    if (day >= firstKept) continue
    const kept = verdict === 'passed' ? await drop(sql, day) : verdict
    if (kept) result.overdue.push({ day, reason: kept })
    else result.dropped.push(day)
  }
  return result
}

async function judgeDay(
  settings: RetentionSettings,
  day: string,
  end: number,
  older: boolean,
): Promise<DayVerdict | 'older_life'> {
  if (older) return 'older_life'
  const verdict = await lokiPassed(settings.admin, settings.logTopic, end)
  if (verdict !== 'passed') return verdict
  return (await notePassed(settings, day)) ? 'passed' : 'older_life'
}

/**
 * Notes it for good, unless the day's records are of another life of the topic than the one that Loki has passed: it was
 * made anew, which this process need not know yet, or an older life was given up in the meantime.
 */
async function notePassed({ sql, admin, logTopic: { topic, generation } }: RetentionSettings, day: string) {
  const stored = await sql<{ kafka_partition: number; next_offset: string }[]>`
    select kafka_partition, next_offset from positions where topic = ${topic}`
  // After the positions, so that the log of one life never ends below them.
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map((end) => [end.partition, BigInt(end.high)]))
  if (stored.some((row) => (ends.get(row.kafka_partition) ?? 0n) < BigInt(row.next_offset))) return false
  const noted = await sql`
    insert into log_days (day, loki_passed_at)
    select ${day}::date, now() where not exists (
      select from positions where topic = ${topic} and generation <> ${generation})
    on conflict (day) do update set loki_passed_at = now() where not log_days.older_life
    returning day`
  return noted.length > 0
}

interface Day {
  /** As `2026-03-01`, UTC. */
  day: string
  passed: boolean
  older: boolean
}

/** The days that have a partition, the oldest first. */
async function readDays(sql: Sql): Promise<Day[]> {
  return sql<Day[]>`
    select p.day::text as day, d.loki_passed_at is not null as passed, coalesce(d.older_life, false) as older
    from (
      select to_date(substring(inhrelid::regclass::text from '\\d{8}$'), 'YYYYMMDD') as day
      from pg_inherits where inhparent = 'logs'::regclass) p
    left join log_days d using (day)
    order by 1`
}

/** Gives why it could not be dropped; undefined when it is gone. */
async function drop(sql: Sql, day: string): Promise<KeptReason | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      await sql.begin(async (tx) => {
        await tx`select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true)`
        await tx`select runlight_drop_log_partition(${day}::date)`
      })
      return undefined
    } catch (cause) {
      // 55P03: the lock was not to be had in time.
      if (!(cause instanceof postgres.PostgresError) || cause.code !== '55P03') throw cause
      if (attempt === ATTEMPTS) return 'in_use'
      await sleep(LOCK_TIMEOUT_MS * (1 + Math.random() * attempt))
    }
  }
}

function dayText(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10)
}

/**
 * Runs passes at an interval; gives what stops it. A pass under way is left to itself then: it may wait for a broker that
 * is away, and what it does in the database is done in transactions.
 */
export function startRetention(
  settings: RetentionSettings & { metrics: Metrics },
  intervalMs = PASS_INTERVAL_MS,
): () => Promise<void> {
  const { log, metrics } = settings
  const dropped = metrics.counter(METRICS.logDaysDropped)
  const overdue = metrics.gauge(METRICS.logDaysOverdue)
  const said = new Set<string>()
  const abort = new AbortController()
  const { signal } = abort

  const once = async () => {
    const result = await retentionPass(settings, Date.now())
    dropped.inc(result.dropped.length)
    for (const reason of Object.keys(KEPT) as KeptReason[]) {
      overdue.set({ reason }, result.overdue.filter((day) => day.reason === reason).length)
    }
    for (const day of result.dropped) log.info({ day }, 'A day of hot logs is past its time and was dropped.')
    for (const { day, reason } of result.overdue) {
      if (said.has(`${day} ${reason}`)) continue
      said.add(`${day} ${reason}`)
      log.warn({ day, reason }, `A day of hot logs is past its time and is kept: ${KEPT[reason]}`)
    }
  }
  const run = async () => {
    while (!signal.aborted) {
      await unlessAborted(signal, once()).catch((cause: unknown) => {
        if (signal.aborted) return
        log.warn({ cause }, `The days of logs could not be looked after now: ${(cause as Error).message}`)
      })
      await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }
  const running = run()
  return async () => {
    abort.abort()
    await running
  }
}
