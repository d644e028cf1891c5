// Topics that lose what they held: created anew, or overtaken by retention.

import { describe, expect, it } from 'vitest'
import { METRICS } from '@runlight/contracts/metrics'
import { TOPICS } from '@runlight/contracts/topics'
import { steadyProducer } from '../oracle/produce.ts'
import { untilDelivered } from './delivery-stack.ts'
import type { DeliveryStack } from './delivery-stack.ts'
import { asMessages, linesInLoki, runLines, seqs, seqsInPostgres, seqsOf } from './run-records.ts'

const LINES = 1_000
const PARTITIONS = 4

export function topicLife(stackOf: () => DeliveryStack): void {
  describe('retention', () => {
    it('that overtakes a group is counted to the record, for each store', async () => {
      const stack = stackOf()
      const runId = 'run-overtaken'
      await untilDelivered(stack)
      await stopBridges(stack)
      const before = new Map(
        (await stack.admin.fetchTopicOffsets(TOPICS.logs)).map((own) => [own.partition, Number(own.high)]),
      )
      await send(
        stack,
        asMessages(runLines(runId, LINES)).map((message, index) => ({ ...message, partition: index % PARTITIONS })),
      )
      // Of each partition another number, and of one nothing.
      const gone = [150, 40, 0, 1]
      const partitions = gone.map((count, partition) => ({
        partition,
        offset: String((before.get(partition) ?? 0) + count),
      }))
      await stack.admin.deleteTopicRecords({
        topic: TOPICS.logs,
        partitions: partitions.filter(({ partition }) => gone[partition] !== 0),
      })
      const bridges = await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
      await untilDelivered(stack)
      const kept = seqs(LINES).filter((seq) => {
        const partition = (seq - 1) % PARTITIONS
        return Math.floor((seq - 1) / PARTITIONS) >= (gone[partition] as number)
      })
      for (const { sink, metric, log } of bridges) {
        expect([sink, await metric(METRICS.recordsOvertaken.name, { topic: TOPICS.logs })]).toEqual([sink, 191])
        expect(log()).toContain('Retention has removed records before they were stored')
      }
      const byNumber = (a: number, b: number) => a - b
      expect((await seqsInPostgres(stack.sql, runId)).sort(byNumber)).toEqual(kept)
      expect(seqsOf(await linesInLoki(stack, runId)).sort(byNumber)).toEqual(kept)
    })
  })

  describe('a topic that was created anew', () => {
    it('stops the Postgres bridge until that is accepted; nothing of old is lost, nothing of new taken for it', async () => {
      const stack = stackOf()
      const [old, young] = ['run-of-the-old-topic', 'run-of-the-new-topic'] as const
      // Half of them without an identity of their own: they are known by where they lie.
      const lines = (runId: string) =>
        runLines(runId, LINES).map((line, index) => (index % 2 === 0 ? line : { ...line, producer: undefined }))
      const messages = (runId: string) =>
        lines(runId).map((line) => ({ key: runId, value: JSON.stringify(line), partition: 0 }))
      await send(stack, messages(old))
      await untilDelivered(stack)
      await stopBridges(stack)
      await stack.admin.deleteTopics({ topics: [TOPICS.logs] })
      await expect
        .poll(async () => (await stack.admin.listTopics()).includes(TOPICS.logs), { timeout: 60_000 })
        .toBe(false)
      await stack.provision('up')
      await send(stack, messages(young))

      const refusing = await stack.startBridge('postgres')
      expect(await refusing.exitCode).toBe(1)
      const words =
        refusing
          .log()
          .split('\n')
          .find((line) => line.includes('"level":"fatal"')) ?? '{}'
      expect(JSON.parse(words)).toMatchObject({ level: 'fatal', code: 'RL_GENERATION_CHANGED' })
      expect(words).toContain('--accept-generation')
      stack.bridges.splice(stack.bridges.indexOf(refusing), 1)
      expect(await messagesInPostgres(stack, young)).toEqual([])

      await stack.startBridge('loki')
      await untilDelivered(stack, ['loki'])
      const changes = await stack.provision('up', '--accept-generation')
      expect(changes.join('\n')).toContain(`The positions of ${TOPICS.logs} in the trace store were given up`)
      await stack.startBridge('postgres')
      await untilDelivered(stack)
      for (const runId of [old, young]) {
        const expected = lines(runId).map(({ message }) => message)
        expect(await messagesInPostgres(stack, runId)).toEqual(expected)
        expect(
          (await linesInLoki(stack, runId)).map(({ line }) => (JSON.parse(line) as { message: string }).message),
        ).toEqual(expected)
      }
    })
  })
}

async function messagesInPostgres({ sql }: DeliveryStack, runId: string): Promise<string[]> {
  const rows = await sql<{ message: string }[]>`
    select message from logs where job_run_id = ${runId} order by effective_ns, kafka_partition, kafka_offset`
  return rows.map(({ message }) => message)
}

async function send(
  { kafka }: DeliveryStack,
  messages: { key?: unknown; value: unknown; partition?: number }[],
): Promise<void> {
  const producer = await steadyProducer(kafka)
  await producer.send({ topic: TOPICS.logs, messages: messages as Parameters<typeof producer.send>[0]['messages'] })
  await producer.disconnect()
}

async function stopBridges(stack: DeliveryStack): Promise<void> {
  const asAsked = await Promise.all(stack.bridges.splice(0).map((bridge) => bridge.shutDown()))
  expect(asAsked.every(Boolean)).toBe(true)
}
