// Records that come more than once: sent again after a lost answer, and delivered again.

import { describe, expect, it } from 'vitest'
import { Kafka, logLevel } from 'kafkajs'
import { consumerGroup, TOPICS } from '@runlight/contracts/topics'
import { openTelemetry } from '@runlight/sdk/telemetry'
import type { TcpProxy } from '../fixtures/tcp-proxy.ts'
import { readTopic } from '../oracle/topic-records.ts'
import { steadyProducer } from '../oracle/produce.ts'
import { untilDelivered } from './delivery-stack.ts'
import type { DeliveryStack } from './delivery-stack.ts'
import { ORG, asMessages, linesInLoki, runEvent, runLines, seqs, seqsInPostgres, seqsOf } from './run-records.ts'

const LINES = 500

/** @param wire the wire before the broker's second listener */
export function repeats(stackOf: () => { stack: DeliveryStack; wire: TcpProxy }): void {
  describe('an answer of the broker that is lost', () => {
    it('makes no record of the SDK come twice, on the bus or in a store', async () => {
      const { stack, wire } = stackOf()
      const runId = 'run-answer-lost-sdk'
      const telemetry = openTelemetry({ brokers: stack.kafka.wiredBrokers, onDiagnostic: () => undefined })
      const context = telemetry.context({ orgId: ORG, runId, nodeRef: 'fetch', attempt: 1 })
      context.log({ level: 'info', message: 'line 1' })
      await telemetry.logs.flush(60_000)
      await whileAnswersAreLost(wire, () => {
        for (let line = 2; line <= LINES; line++) context.log({ level: 'info', message: `line ${line}` })
      })
      expect(await telemetry.logs.flush(60_000)).toBe(true)
      await context.close()
      await telemetry.close(10_000)
      expect(await onTopic(stack, runId)).toHaveLength(LINES)
      await untilDelivered(stack)
      expect(await seqsInPostgres(stack.sql, runId)).toEqual(seqs(LINES))
      expect(seqsOf(await linesInLoki(stack, runId))).toEqual(seqs(LINES))
    })

    it('lets records of a foreign producer come twice on the bus, once in Postgres, and as two of one identity in Loki at most', async () => {
      const { stack, wire } = stackOf()
      const runId = 'run-answer-lost-foreign'
      const kafka = new Kafka({ brokers: stack.kafka.wiredBrokers, logLevel: logLevel.NOTHING })
      const producer = kafka.producer({ retry: { retries: 20 } })
      await producer.connect()
      const lines = runLines(runId, LINES)
      await producer.send({ topic: TOPICS.logs, messages: asMessages(lines.slice(0, 1)) })
      let sending: Promise<unknown> | undefined
      await whileAnswersAreLost(wire, () => {
        sending = producer.send({ topic: TOPICS.logs, messages: asMessages(lines.slice(1)) })
      })
      await sending
      await producer.disconnect()
      // The scenario itself: the broker has stored both sends.
      expect(await onTopic(stack, runId)).toHaveLength(1 + 2 * (LINES - 1))
      await untilDelivered(stack)
      expect(await seqsInPostgres(stack.sql, runId)).toEqual(seqs(LINES))
      const inLoki = await linesInLoki(stack, runId)
      expect([...new Set(seqsOf(inLoki))].sort((a, b) => a - b)).toEqual(seqs(LINES))
      expect(inLoki).toHaveLength(1 + 2 * (LINES - 1))
      for (const { line, structuredMetadata } of inLoki) {
        expect(line).toBe(JSON.stringify(lines[Number(structuredMetadata['seq']) - 1]))
      }
    })
  })

  it('an event before its RUN_STARTED counts once, also when it is sent and delivered again', async () => {
    const { stack } = stackOf()
    const runId = 'run-started-late'
    const producer = await steadyProducer(stack.kafka)
    const early = [runEvent(runId, 'NODE_STARTED', 1), runEvent(runId, 'NODE_COMPLETED', 2)]
    const lines = runLines(runId, LINES)
    await producer.send({ topic: TOPICS.events, messages: asMessages(early) })
    await producer.send({ topic: TOPICS.logs, messages: asMessages(lines) })
    await untilDelivered(stack)
    const run = () => stack.sql`
      select status, completed_actions, total_actions, last_sequence::int from runs where run_id = ${runId}`
    expect(await run()).toEqual([{ status: 'RUNNING', completed_actions: 1, total_actions: 0, last_sequence: 2 }])
    const before = await linesInLoki(stack, runId)

    // Delivered again: Loki's group begins anew, as if no commit had ever come through. Postgres has its own position.
    const sinks = stack.bridges.splice(0)
    await Promise.all(sinks.map((bridge) => bridge.kill()))
    await forgetCommits(stack)
    await Promise.all(sinks.map(({ sink }) => stack.startBridge(sink)))
    // Sent again, by the same producer under the same identities.
    const late = [runEvent(runId, 'RUN_STARTED', 3), ...early, runEvent(runId, 'RUN_COMPLETED', 4)]
    await producer.send({ topic: TOPICS.events, messages: asMessages(late) })
    await producer.disconnect()
    await untilDelivered(stack)

    expect(await run()).toEqual([{ status: 'COMPLETED', completed_actions: 1, total_actions: 1, last_sequence: 4 }])
    const traces = await stack.sql`
      select sequence::int, type from workflow_traces where run_id = ${runId} order by sequence`
    expect(traces.map(({ sequence, type }) => `${sequence} ${type}`)).toEqual([
      '1 NODE_STARTED',
      '2 NODE_COMPLETED',
      '3 RUN_STARTED',
      '4 RUN_COMPLETED',
    ])
    expect(await seqsInPostgres(stack.sql, runId)).toEqual(seqs(LINES))
    expect(await linesInLoki(stack, runId)).toEqual(before)
  })
}

/** Does something whose answer is lost, and cuts the wire when one was. */
async function whileAnswersAreLost(wire: TcpProxy, work: () => void): Promise<void> {
  const lost = wire.lostBytes
  wire.loseAnswers = true
  work()
  await expect.poll(() => wire.lostBytes, { timeout: 60_000 }).toBeGreaterThan(lost)
  wire.cut()
  wire.loseAnswers = false
}

async function onTopic({ kafka }: DeliveryStack, runId: string) {
  return (await readTopic(kafka.brokers, TOPICS.logs)).filter(({ key }) => key === runId)
}

async function forgetCommits({ admin }: DeliveryStack): Promise<void> {
  const groups = [consumerGroup('loki')]
  // A group is empty only when its members' sessions are over.
  const states = async () => (await admin.describeGroups(groups)).groups.map(({ state }) => state)
  await expect.poll(states, { timeout: 60_000 }).toEqual(['Empty'])
  await admin.deleteGroups(groups)
}
