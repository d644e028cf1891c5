// Times that are wrong, and times at midnight.

import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { TOPICS } from '@runlight/contracts/topics'
import { steadyProducer } from '../oracle/produce.ts'
import { untilDelivered } from './delivery-stack.ts'
import type { DeliveryStack } from './delivery-stack.ts'
import { asMessages, linesInLoki, runLines, seqs, seqsInPostgres, seqsOf } from './run-records.ts'

const LINES = 3_000
const HOUR = 3_600_000

export function clocks(stackOf: () => DeliveryStack): void {
  describe('clocks', () => {
    it('that are three hours wrong, either way, keep no line out of a store', async () => {
      const stack = stackOf()
      const runId = 'run-clocks'
      const offsets = [0, -3 * HOUR, 3 * HOUR]
      const now = Date.now()
      const lines = runLines(runId, LINES, (seq) => ({
        nodeRef: `worker ${seq % 3}`,
        timestamp: new Date(now + seq + (offsets[seq % 3] as number)).toISOString(),
      }))
      const refusedBefore = await deadLetters(stack)
      const producer = await steadyProducer(stack.kafka)
      for (let part = 0; part < LINES; part += 500) {
        await producer.send({ topic: TOPICS.logs, messages: asMessages(lines.slice(part, part + 500)) })
      }
      await producer.disconnect()
      await untilDelivered(stack)
      expect(await deadLetters(stack)).toEqual(refusedBefore)
      const inLoki = await linesInLoki(stack, runId)
      expect(seqsOf(inLoki).sort((a, b) => a - b)).toEqual(seqs(LINES))
      for (const { structuredMetadata } of inLoki) {
        const own = lines[Number(structuredMetadata['seq']) - 1]?.timestamp
        const isSkewed = Number(structuredMetadata['seq']) % 3 !== 0
        expect(structuredMetadata['own_time']).toBe(isSkewed ? own : undefined)
      }
      const rows = await stack.sql`
        select producer_seq::int as seq, timestamp_ns, effective_ns, skewed,
          (extract(epoch from created_at) * 1000)::bigint * 1000000 as append_ns
        from logs where job_run_id = ${runId} order by producer_seq`
      expect(rows.map(({ seq }) => Number(seq))).toEqual(seqs(LINES))
      for (const row of rows) {
        const own = String(BigInt(Date.parse(lines[Number(row['seq']) - 1]?.timestamp ?? '')) * 1_000_000n)
        const skewed = Number(row['seq']) % 3 !== 0
        expect(row).toMatchObject({ timestamp_ns: own, skewed, effective_ns: skewed ? row['append_ns'] : own })
      }
    })

    it('at midnight: both days hold their rows, and a record that comes again on the next day is known', async () => {
      const stack = stackOf()
      const runId = 'run-midnight'
      const midnight = Math.floor(Date.now() / (24 * HOUR)) * 24 * HOUR
      // A producer's times as append times, so that the test need not wait for a midnight.
      await setTimestampType(stack, 'CreateTime')
      try {
        const lines = runLines(runId, LINES, (seq) => ({
          timestamp: new Date(midnight + seq - LINES / 2).toISOString(),
        }))
        const producer = await steadyProducer(stack.kafka)
        const send = (from: number, until: number, later = 0) =>
          producer.send({
            topic: TOPICS.logs,
            messages: asMessages(lines.slice(from, until)).map((message, index) => ({
              ...message,
              timestamp: String(midnight + from + index + 1 - LINES / 2 + later),
            })),
          })
        await send(0, LINES / 2)
        await send(LINES / 2, LINES)
        await untilDelivered(stack)
        // All of the day before once more, an hour after midnight.
        const old = stack.bridges.find(({ sink }) => sink === 'postgres')
        await Promise.all([send(0, LINES / 2, HOUR), old?.kill()])
        await producer.disconnect()
        stack.bridges.splice(
          stack.bridges.findIndex((bridge) => bridge === old),
          1,
        )
        await stack.startBridge('postgres')
        await untilDelivered(stack)
      } finally {
        await setTimestampType(stack, 'LogAppendTime')
      }
      expect(await seqsInPostgres(stack.sql, runId)).toEqual(seqs(LINES))
      const days = await stack.sql`
        select tableoid::regclass::text as partition, count(*)::int as rows
        from logs where job_run_id = ${runId} group by 1 order by 1`
      const name = (time: number) => `logs_${new Date(time).toISOString().slice(0, 10).replaceAll('-', '')}`
      expect([...days]).toEqual([
        { partition: name(midnight - 1), rows: LINES / 2 - 1 },
        { partition: name(midnight), rows: LINES / 2 + 1 },
      ])
      // A producer that isn't known to the broker may show twice in Loki; nothing is lost or changed there.
      const inLoki = await linesInLoki(stack, runId)
      expect([...new Set(seqsOf(inLoki))].sort((a, b) => a - b)).toEqual(seqs(LINES))
    })
  })
}

async function setTimestampType({ admin }: DeliveryStack, value: string): Promise<void> {
  const configEntries = [
    { name: 'message.timestamp.type', value },
    { name: 'max.message.bytes', value: String(8 * 1024 * 1024) },
  ]
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: TOPICS.logs, configEntries }]
  await admin.alterConfigs({ validateOnly: false, resources })
}

/** How many dead letters there are. */
async function deadLetters({ admin }: DeliveryStack): Promise<string[]> {
  return (await admin.fetchTopicOffsets(TOPICS.deadLetters)).map(({ high }) => high)
}
