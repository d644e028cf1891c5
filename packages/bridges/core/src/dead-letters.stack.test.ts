import { randomUUID } from 'node:crypto'
import type { DeadLetter } from '@runlight/contracts/dead-letter'
import { createLog } from '@runlight/service/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { startProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import type { TcpProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import { readTopic } from '../../../../regression/oracle/topic-records.ts'
import { DeadLetterWriter } from './dead-letters.ts'
import { createKafka } from './kafka-client.ts'
import { retryForever } from './retry.ts'
import { DeliveryError } from './sink.ts'
import type { Refusal } from './sink.ts'

const log = createLog({ component: 'test', instance: '0', level: 'error' })
const ROUNDS = 3

let kafka: TestKafka
let wire: TcpProxy

beforeAll(async () => {
  kafka = await startKafka({
    advertise: async (port) => {
      wire = await startProxy(port)
      return wire.port
    },
  })
})
afterAll(async () => {
  await kafka.stop()
  await wire.close()
})

/** Partitions that write dead letters as fast as the bus takes them, each one after the other. */
async function startWriting(lanes: number, timeoutMillis: number) {
  const topic = `dlq-${randomUUID().slice(0, 8)}`
  await kafka.createTopics([{ topic, partitions: 1 }])
  const client = createKafka({ brokers: kafka.brokers, clientId: 'test', log })
  const writer = new DeadLetterWriter(client, topic, 'loki', timeoutMillis)
  const stop = new AbortController()
  const written = new Set<string>()
  const causes: unknown[] = []
  const signal = stop.signal
  const onFailure = (cause: unknown) => {
    causes.push(cause)
    return undefined
  }
  const run = async (partition: number) => {
    for (let offset = 0n; !signal.aborted; offset++) {
      const origin = { generation: 'generation-1', topic: 'telemetry.logs', partition }
      await retryForever({ signal, onFailure }, () => writer.write(origin, [refusal(offset)]))
      written.add(`${partition}:${offset}`)
    }
  }
  const ended = Promise.all(Array.from({ length: lanes }, (_, partition) => run(partition).catch(() => undefined)))
  return {
    ...{ topic, writer, written, causes },
    stop: async () => {
      stop.abort()
      await ended
      await writer.close()
    },
  }
}

function refusal(offset: bigint): Refusal {
  const value = Buffer.alloc(2_000, 'x')
  return { record: { offset, appendedAt: Date.now(), key: null, value }, reason: 'refused', detail: 'No.' }
}

async function lettersOn(topic: string): Promise<Set<string>> {
  const letters = (await readTopic(kafka.brokers, topic)).map(({ value }) => JSON.parse(value) as DeadLetter)
  return new Set(letters.map(({ origin }) => `${origin.partition}:${origin.offset}`))
}

describe('dead letters', () => {
  it('go on by themselves after the broker was killed in the middle, again and again, and none is missing', async () => {
    const writing = await startWriting(4, 15_000)
    for (let round = 0; round < ROUNDS; round++) {
      const before = writing.written.size
      await expect.poll(() => writing.written.size, { timeout: 60_000 }).toBeGreaterThan(before + 100)
      await kafka.kill()
      await kafka.start()
    }
    const before = writing.written.size
    await expect.poll(() => writing.written.size, { timeout: 60_000 }).toBeGreaterThan(before + 100)
    await writing.stop()
    const there = await lettersOn(writing.topic)
    expect([...writing.written].filter((letter) => !there.has(letter))).toEqual([])
    for (const cause of writing.causes) expect(cause).toBeInstanceOf(DeliveryError)
  })

  it('are given up after a time when the bus takes them and its answers are lost, and written again', async () => {
    const writing = await startWriting(2, 1_000)
    await expect.poll(() => writing.written.size).toBeGreaterThan(20)
    for (let round = 0; round < 2; round++) {
      wire.loseAnswers = true
      const failures = writing.causes.length
      await expect.poll(() => writing.causes.length, { timeout: 20_000 }).toBeGreaterThan(failures + 1)
      expect(writing.causes.at(-1)).toMatchObject({ name: 'DeliveryError', reason: 'timeout' })
      wire.loseAnswers = false
      const before = writing.written.size
      await expect.poll(() => writing.written.size, { timeout: 30_000 }).toBeGreaterThan(before + 20)
    }
    await writing.stop()
    const there = await lettersOn(writing.topic)
    expect([...writing.written].filter((letter) => !there.has(letter))).toEqual([])
  })

  it('that hang are seen from outside, by the time when the attempt under way was begun', async () => {
    const writing = await startWriting(1, 60_000)
    await expect.poll(() => writing.written.size).toBeGreaterThan(20)
    const lost = wire.lostBytes
    wire.loseAnswers = true
    await expect.poll(() => wire.lostBytes).toBeGreaterThan(lost)
    expect(writing.writer.sendingSince).toBeLessThanOrEqual(Date.now())
    wire.loseAnswers = false
    wire.cut()
    await writing.stop()
    expect(writing.writer.sendingSince).toBeUndefined()
  })
})
