// What each place holds of one run, as identities, read without any code of the kit but the contracts' names.

import { LABELS, STRUCTURED_METADATA } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import { TOPICS } from '@runlight/contracts/topics'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import type { ApiClient } from '@runlight/sdk/client/api-client'
import postgres from 'postgres'
import { identity } from '../oracle/identity.ts'
import { readLokiLines } from '../oracle/loki-lines.ts'
import { readTopic } from '../oracle/topic-records.ts'
import type { StackUnderTest } from './stack-under-test.ts'

export interface Held {
  /** Identities, each as often as it is held. */
  logs: string[]
  events: string[]
}

function identityOf({ producer }: Pick<LogEntry | TraceEvent, 'producer'>): string {
  if (!producer) throw new Error('A record of a run has no producer')
  return identity(producer.id, producer.seq)
}

/** On the bus. A record may lie there twice; who reads the stores must see it once. */
export async function heldByBus(stack: StackUnderTest, runId: string): Promise<Held> {
  const brokers = [stack.outputs.addresses.broker]
  const read = async (topic: string) =>
    (await readTopic(brokers, topic))
      .filter(({ key }) => key === runId)
      .map(({ value }) => JSON.parse(value) as LogEntry)
  return {
    logs: (await read(TOPICS.logs)).map(identityOf),
    events: (await read(TOPICS.events)).map(identityOf),
  }
}

/** In Loki, by plain LogQL; lines are records as they were on the bus. */
export async function logsHeldByLoki(
  stack: StackUnderTest,
  runId: string,
): Promise<{ identities: string[]; lines: string[] }> {
  const now = BigInt(Date.now()) * 1_000_000n
  const day = 24n * 3_600n * 1_000_000_000n
  const entries = await readLokiLines({
    url: stack.outputs.addresses.loki,
    tenant: UNASSIGNED_ORG,
    query: `{${LABELS.runId}="${runId}"}`,
    start: now - day,
    end: now + day / 24n,
  })
  return {
    identities: entries.map(({ structuredMetadata }) =>
      identity(
        structuredMetadata[STRUCTURED_METADATA.producer] ?? '',
        structuredMetadata[STRUCTURED_METADATA.seq] ?? '',
      ),
    ),
    lines: entries.map(({ line }) => line),
  }
}

export interface HeldByPostgres extends Held {
  /** `sequence` of the events, ascending. */
  sequences: number[]
}

export async function heldByPostgres(stack: StackUnderTest, runId: string): Promise<HeldByPostgres> {
  const sql = await connectAsReader(stack)
  try {
    const logs = await sql<{ producer_id: string; producer_seq: string }[]>`
      select producer_id, producer_seq from logs where job_run_id = ${runId}`
    const events = await sql<{ producer_id: string; producer_seq: string; sequence: string }[]>`
      select producer_id, producer_seq, sequence from workflow_traces where run_id = ${runId} order by sequence`
    return {
      logs: logs.map((row) => identity(row.producer_id, row.producer_seq)),
      events: events.map((row) => identity(row.producer_id, row.producer_seq)),
      sequences: events.map((row) => Number(row.sequence)),
    }
  } finally {
    await sql.end()
  }
}

export async function connectAsReader(stack: StackUnderTest): Promise<postgres.Sql> {
  const { output } = await stack.pulumi('config', 'get', 'runlight:postgresReaderPassword')
  return postgres(stack.outputs.addresses.postgres, { password: output.trim(), onnotice: () => undefined })
}

/** Through the API, page by page. */
export async function heldByApi(api: ApiClient, runId: string): Promise<Held & { ordered: boolean }> {
  const logs: string[] = []
  let ordered = true
  let last: [time: string, partition: number, offset: bigint] | undefined
  for await (const log of api.allLogs(runId)) {
    logs.push(identityOf(log))
    const [partition = '', offset = ''] = log.position.split(':')
    const here: typeof last = [comparable(log.effectiveTs), Number(partition), BigInt(offset)]
    if (last && isAfter(last, here)) ordered = false
    last = here
  }
  const events: string[] = []
  for await (const event of api.allEvents(runId)) events.push(identityOf(event))
  return { logs, events, ordered }
}

/** RFC 3339 in UTC with all nine digits, so that texts compare as times do. */
function comparable(timestamp: string): string {
  const [, seconds = '', fraction = ''] = /^([^.]+?)(?:\.(\d+))?Z$/.exec(timestamp) ?? []
  return `${seconds}.${fraction.padEnd(9, '0')}`
}

function isAfter(a: [string, number, bigint], b: [string, number, bigint]): boolean {
  if (a[0] !== b[0]) return a[0] > b[0]
  if (a[1] !== b[1]) return a[1] > b[1]
  return a[2] > b[2]
}
