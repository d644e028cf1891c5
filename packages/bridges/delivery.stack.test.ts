// Both bridges as they run: processes of their own between a real bus and real stores, killed in the middle.

import type { LogEntry } from '@runlight/contracts/log-entry'
import { consumerGroup } from '@runlight/contracts/topics'
import type { SinkName } from '@runlight/contracts/topics'
import type { Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDeliveryStack } from '../../regression/delivery/delivery-stack.ts'
import type { DeliveryStack } from '../../regression/delivery/delivery-stack.ts'
import { NO_DIFFERENCE, compareIdentities, identity } from '../../regression/oracle/identity.ts'
import { readLokiLines } from '../../regression/oracle/loki-lines.ts'
import { BRIDGE_MEMORY } from '../../stacks/components/bridges.ts'

const RUNS = 6
const ORG = 'acme'

let stack: DeliveryStack
let producer: Producer

beforeAll(async () => {
  stack = await startDeliveryStack({ memory: BRIDGE_MEMORY })
  producer = stack.kafka.client().producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
})
afterAll(async () => {
  await producer?.disconnect()
  await stack?.stop()
})

let seq = 0
const sent: LogEntry[] = []

/** Lines of all runs, in one producer per run, and one event for every tenth. */
async function sendMore(count: number): Promise<void> {
  const logs = Array.from({ length: count }, (): LogEntry => {
    const run = seq++ % RUNS
    return {
      ...{
        schemaVersion: 1,
        type: 'task',
        orgId: ORG,
        runId: `run-${run}`,
        execution: 1,
        nodeRef: 'fetch',
        attempt: 1,
      },
      ...{ timestamp: new Date().toISOString(), level: 'info', stream: 'stdout', message: `line ${seq} – grüße` },
      producer: { id: `producer-${run}`, seq: Math.floor((seq - 1) / RUNS) + 1 },
    }
  })
  sent.push(...logs)
  const events = logs.filter((_, index) => index % 10 === 0)
  await producer.sendBatch({
    topicMessages: [
      {
        topic: 'telemetry.logs',
        messages: logs.map((entry) => ({ key: entry.runId as string, value: JSON.stringify(entry) })),
      },
      {
        topic: 'telemetry.events',
        messages: events.map(({ runId, message, timestamp, producer: own }) => ({
          key: runId as string,
          value: JSON.stringify({
            ...{ schemaVersion: 1, orgId: ORG, runId, execution: 1, attempt: 1, nodeRef: 'fetch', level: 'info' },
            ...{ type: 'NODE_PROGRESS', message, timestamp, producer: own },
          }),
        })),
      },
    ],
  })
}

/** Records on the topic that the sink's group has not committed. */
async function uncommitted(sink: SinkName, topic: string): Promise<number> {
  const ends = await stack.admin.fetchTopicOffsets(topic)
  const answers = await stack.admin.fetchOffsets({ groupId: consumerGroup(sink), topics: [topic] })
  const offsets = new Map(
    answers.flatMap(({ partitions }) => partitions).map((own) => [own.partition, Number(own.offset)]),
  )
  return ends.reduce((sum, { partition, high }) => sum + Number(high) - Math.max(0, offsets.get(partition) ?? 0), 0)
}

const idsOf = (entries: readonly LogEntry[]) =>
  entries.map(({ producer: own }) => identity(own?.id ?? '', own?.seq ?? 0))

describe('bridges', () => {
  it('go on after SIGKILL, and after their stores were killed, without a record lost, doubled or changed', async () => {
    let bridges = await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
    for (let round = 0; round < 3; round++) {
      for (let part = 0; part < 8; part++) await sendMore(500)
      const stored = async () =>
        Number((await stack.sql`select count(*) from logs`.catch(() => [{ count: 0 }]))[0]?.['count'])
      // In the middle: something of this round is stored, and more is on its way.
      await expect.poll(stored, { timeout: 90_000, interval: 20 }).toBeGreaterThan(round * 4_000)
      await Promise.all(bridges.map((bridge) => bridge.kill()))
      await sendMore(500)
      if (round === 1) await Promise.all([stack.loki.kill(), stack.postgres.kill()])
      bridges = await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
      if (round === 1) await Promise.all([stack.loki.start(), stack.postgres.start()])
    }
    await sendMore(1_000)
    const left = async () => {
      const counts = [
        uncommitted('loki', 'telemetry.logs'),
        uncommitted('postgres', 'telemetry.logs'),
        uncommitted('postgres', 'telemetry.events'),
      ]
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
    }
    await expect.poll(left, { timeout: 120_000, interval: 250 }).toBe(0)

    const rows = await stack.sql<{ job_run_id: string; message: string; producer_id: string; producer_seq: string }[]>`
      select job_run_id, message, producer_id, producer_seq from logs order by job_run_id, kafka_offset`
    expect(
      compareIdentities(
        idsOf(sent),
        rows.map((row) => identity(row.producer_id, row.producer_seq)),
      ),
    ).toEqual(NO_DIFFERENCE)
    const end = BigInt(Date.now() + 60_000) * 1_000_000n
    for (let run = 0; run < RUNS; run++) {
      const own = sent.filter(({ runId }) => runId === `run-${run}`)
      expect(rows.filter((row) => row.job_run_id === `run-${run}`).map(({ message }) => message)).toEqual(
        own.map(({ message }) => message),
      )
      const query = {
        url: stack.loki.url.origin,
        tenant: ORG,
        query: `{run_id="run-${run}"}`,
        start: end - 3_600_000_000_000n,
        end,
      }
      const lines = await readLokiLines(query)
      expect(lines.map(({ line }) => line)).toEqual(own.map((entry) => JSON.stringify(entry)))
    }
    const dense = await stack.sql`
      select count(*) as events, count(distinct (run_id, sequence)) as numbers, sum(distinct last_sequence) as highest
      from workflow_traces join runs using (run_id)`
    const [gaps] = await stack.sql`
      select count(*) as gaps from (select sequence - lag(sequence, 1, 0) over (partition by run_id order by sequence) as step
        from workflow_traces) s where step <> 1`
    expect(dense[0]?.['events']).toBe(dense[0]?.['numbers'])
    expect(Number(dense[0]?.['events'])).toBe(Math.ceil(sent.length / 10))
    expect(gaps).toEqual({ gaps: '0' })
  })
})
