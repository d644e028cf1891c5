// Dead letters that go back to the one sink that had refused them, more than once.

import { expect, it } from 'vitest'
import type { DeadLetter, ReplayOrigin } from '@runlight/contracts/dead-letter'
import { ORIGIN_HEADER, TOPICS, replayTopic } from '@runlight/contracts/topics'
import { steadyProducer } from '../oracle/produce.ts'
import { eachRecord } from '../oracle/topic-records.ts'
import { committedOffsets, untilDelivered } from './delivery-stack.ts'
import type { DeliveryStack } from './delivery-stack.ts'
import { linesInLoki, runLines, seqs, seqsInPostgres, seqsOf } from './run-records.ts'

const LINES = 400
const RUN = 'run-replayed'
/** Every fourth line holds half a character: a plain line can't hold it, a line of JSON can. */
const isBroken = (seq: number) => seq % 4 === 0

export function replays(stackOf: () => DeliveryStack): void {
  it('a dead letter that is replayed, partly stored, and replayed again is one line, under its original identity', async () => {
    const stack = stackOf()
    await replaceLokiBridge(stack, { RUNLIGHT_LOKI_LINES: 'plain' })
    const values = runLines(RUN, LINES).map((line) => {
      const seq = line.producer?.seq ?? 0
      return isBroken(seq) ? JSON.stringify(line).replace('grüße', 'half of \\ud83d') : JSON.stringify(line)
    })
    const producer = await steadyProducer(stack.kafka)
    await producer.send({ topic: TOPICS.logs, messages: values.map((value) => ({ key: RUN, value })) })
    await untilDelivered(stack)
    expect(seqsOf(await linesInLoki(stack, RUN))).toEqual(seqs(LINES).filter((seq) => !isBroken(seq)))
    const letters = await lettersOfLoki(stack)
    expect(letters.map((letter) => seqOf(letter)).sort((a, b) => a - b)).toEqual(seqs(LINES).filter(isBroken))

    // What refused them is mended; half of them are replayed, the bridge dies, and all of them are replayed again.
    await replaceLokiBridge(stack, {})
    const replay = (some: readonly DeadLetter[]) =>
      producer.send({ topic: replayTopic('loki'), messages: some.map(asReplay) })
    await replay(letters.slice(0, letters.length / 2))
    await untilReplayed(stack)
    const dying = stack.bridges.find(({ sink }) => sink === 'loki')
    await Promise.all([dying?.kill(), replay(letters)])
    stack.bridges.splice(
      stack.bridges.findIndex((bridge) => bridge === dying),
      1,
    )
    await stack.startBridge('loki')
    await untilReplayed(stack)
    await producer.disconnect()

    const inLoki = await linesInLoki(stack, RUN)
    expect(seqsOf(inLoki).sort((a, b) => a - b)).toEqual(seqs(LINES))
    const byPosition = new Map(
      letters.map((letter) => [seqOf(letter), `${letter.origin.partition}:${letter.origin.offset}`]),
    )
    for (const { labels, line, structuredMetadata } of inLoki) {
      const seq = Number(structuredMetadata['seq'])
      expect(labels['late']).toBe(isBroken(seq) ? 'replay-1' : undefined)
      if (!isBroken(seq)) continue
      expect(line).toBe(values[seq - 1])
      expect(structuredMetadata['position']).toBe(byPosition.get(seq))
    }
    // It went to the one sink alone. Postgres has refused the same records for itself.
    expect(await seqsInPostgres(stack.sql, RUN)).toEqual(seqs(LINES).filter((seq) => !isBroken(seq)))
  })
}

async function replaceLokiBridge(stack: DeliveryStack, env: Record<string, string>): Promise<void> {
  const old = stack.bridges.filter(({ sink }) => sink === 'loki')
  for (const bridge of old) stack.bridges.splice(stack.bridges.indexOf(bridge), 1)
  expect(await Promise.all(old.map((bridge) => bridge.shutDown()))).toEqual(old.map(() => true))
  await stack.startBridge('loki', env)
}

async function lettersOfLoki({ kafka }: DeliveryStack): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  await eachRecord(kafka.brokers, TOPICS.deadLetters, ({ value }) => {
    const letter = JSON.parse(value) as DeadLetter
    const isOurs = letter.key !== undefined && Buffer.from(letter.key, 'base64').toString() === RUN
    if (letter.sink === 'loki' && isOurs) letters.push(letter)
  })
  return letters
}

function seqOf({ value = '' }: DeadLetter): number {
  return (JSON.parse(Buffer.from(value, 'base64').toString()) as { producer: { seq: number } }).producer.seq
}

function asReplay({ key = '', value = '', origin }: DeadLetter) {
  const header: ReplayOrigin = { ...origin, replayId: 'replay-1' }
  return {
    key: Buffer.from(key, 'base64'),
    value: Buffer.from(value, 'base64'),
    headers: { [ORIGIN_HEADER]: JSON.stringify(header) },
  }
}

async function untilReplayed(stack: DeliveryStack): Promise<void> {
  const topic = replayTopic('loki')
  const left = async () => {
    const [end] = await stack.admin.fetchTopicOffsets(topic)
    return Number(end?.high) - ((await committedOffsets(stack, 'loki', topic)).get(0) ?? 0)
  }
  await expect.poll(left, { timeout: 120_000, interval: 100 }).toBe(0)
}
