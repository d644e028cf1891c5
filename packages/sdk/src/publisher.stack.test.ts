// The way to the bus, against a real broker that is away, slow, deaf, or particular.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { checkLogEntry } from '@runlight/contracts/log-entry'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { startProxy } from '../../../regression/fixtures/tcp-proxy.ts'
import type { TcpProxy } from '../../../regression/fixtures/tcp-proxy.ts'
import { readTopic } from '../../../regression/oracle/topic-records.ts'
import { KafkaLogAdapter } from './kafka-log-adapter.ts'
import type { LogAdapterSettings } from './kafka-log-adapter.ts'
import type { LogProducer } from './log-producer.ts'
import type { Diagnostic } from './settings.ts'

let kafka: TestKafka
let proxy: TcpProxy
let adapter: KafkaLogAdapter | undefined
let topics = 0

beforeAll(async () => {
  kafka = await startKafka({ advertise: async (port) => (proxy = await startProxy(port)).port })
})
afterEach(async () => {
  await adapter?.close(10_000)
  adapter = undefined
})
afterAll(async () => {
  await kafka?.stop()
  await proxy?.close()
})

const WAIT = { timeout: 60_000, interval: 50 }

/** A topic of its own for each test, and what the adapter says about its way there. */
async function open(settings: Partial<LogAdapterSettings> = {}, maxMessageBytes?: number) {
  const topic = `logs-${++topics}`
  await kafka.createTopics([{ topic, ...(maxMessageBytes !== undefined && { maxMessageBytes }) }])
  const diagnostics: Diagnostic[] = []
  const onDiagnostic = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic)
  const bus = { brokers: kafka.brokers, onDiagnostic, maxBackoffMs: 200, ...settings }
  adapter = new KafkaLogAdapter({ ...bus, topic })
  return { adapter, bus, diagnostics, topic }
}

function producerOf(logs: KafkaLogAdapter, runId = 'run-1'): LogProducer {
  return logs.producer({ type: 'task', runId, execution: 1, nodeRef: 'n', attempt: 1 })
}

async function readEntries(topic: string): Promise<LogEntry[]> {
  const records = await readTopic(kafka.brokers, topic)
  return records.map(({ value }) => {
    const checked = checkLogEntry(JSON.parse(value))
    if (!checked.ok) throw new Error(`${checked.refusal.field} ${checked.refusal.message}: ${value}`)
    return checked.value
  })
}

const seqs = (entries: readonly LogEntry[], id: string): number[] =>
  entries.flatMap(({ producer }) => (producer?.id === id ? [producer.seq] : []))

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

test('records of many runs arrive once each, in the order of their run, all valid', async () => {
  const { adapter, topic } = await open({ batchBytes: 20_000 })
  const producers = upTo(20).map((i) => producerOf(adapter, `run-${i}`))
  for (let line = 1; line <= 200; line++) {
    for (const producer of producers) {
      producer.append({ level: 'info', stream: 'stdout', message: `line ${line} \u0000 \ud800 ü`, metadata: { line } })
    }
  }
  adapter.append({ type: 'system', component: 'test', level: 'warn', message: 'of the process' })
  expect(await adapter.flush(60_000)).toBe(true)
  const entries = await readEntries(topic)
  expect(entries).toHaveLength(20 * 200 + 1)
  for (const { identity } of producers) expect(seqs(entries, identity.id)).toEqual(upTo(200))
  expect(adapter.stats()).toMatchObject({
    acknowledged: 4001,
    dropped: { queue_full: 0, too_large: 0, closed: 0, invalid: 0 },
  })
  // The account names the place of the last record.
  const records = await readTopic(kafka.brokers, topic)
  for (const { identity } of producers) {
    const last = records.findLast(({ value }) => value.includes(`"${identity.id}"`))
    expect(identity.account()?.positions).toEqual([{ partition: last?.partition, offset: String(last?.offset) }])
  }
})

test('nothing is lost or doubled while the broker is away and comes back', async () => {
  const { adapter, diagnostics, topic } = await open()
  const producer = producerOf(adapter)
  const log = (count: number): void => {
    for (let i = 0; i < count; i++) producer.append({ level: 'info', message: 'x'.repeat(100) })
  }
  log(1000)
  expect(await adapter.flush(60_000)).toBe(true)
  await kafka.kill()
  log(2000)
  const levels = () => diagnostics.map(({ level }) => level)
  await vi.waitFor(() => expect(levels().at(-1)).toBe('warn'), WAIT)
  log(1000)
  expect(await adapter.flush(50)).toBe(false)
  await kafka.start()
  expect(await adapter.flush(60_000)).toBe(true)
  expect(seqs(await readEntries(topic), producer.identity.id)).toEqual(upTo(4000))
  // Each change once, not each attempt. A broker that starts may take records, refuse some, and take them again.
  expect(levels()).toEqual(levels().map((_, index) => (index % 2 === 0 ? 'warn' : 'info')))
  expect(levels().at(-1)).toBe('info')
  expect(levels().length).toBeLessThanOrEqual(6)
})

test('a batch whose acknowledgement was lost is repeated, and the broker drops the repeat', async () => {
  const { adapter, topic } = await open()
  const producer = producerOf(adapter)
  producer.append({ level: 'info', message: 'first' })
  expect(await adapter.flush(60_000)).toBe(true)
  for (let round = 1; round <= 3; round++) {
    proxy.loseAnswers = true
    for (let i = 0; i < 100; i++) producer.append({ level: 'info', message: `round ${round}` })
    // The first answer lost is the acknowledgement, the others are those to attempts to connect anew.
    for (let cut = 1; cut <= 4; cut++) {
      const lostBefore = proxy.lostBytes
      await vi.waitFor(() => expect(proxy.lostBytes).toBeGreaterThan(lostBefore), WAIT)
      proxy.cut()
    }
    proxy.loseAnswers = false
    proxy.cut()
    expect(await adapter.flush(60_000)).toBe(true)
  }
  expect(seqs(await readEntries(topic), producer.identity.id)).toEqual(upTo(301))
  expect(producer.identity.account()).toMatchObject({ count: 301, lastSeq: 301, dropped: [] })
})

test('a connection on which no answer comes any more is given up', async () => {
  const { adapter, topic } = await open({ requestTimeoutMs: 500 })
  const producer = producerOf(adapter)
  producer.append({ level: 'info', message: 'before' })
  expect(await adapter.flush(60_000)).toBe(true)
  const lostBefore = proxy.lostBytes
  proxy.loseAnswers = true
  for (let i = 0; i < 500; i++) producer.append({ level: 'info', message: 'meanwhile' })
  await vi.waitFor(() => expect(proxy.lostBytes).toBeGreaterThan(lostBefore), WAIT)
  proxy.loseAnswers = false
  expect(await adapter.flush(60_000)).toBe(true)
  expect(seqs(await readEntries(topic), producer.identity.id)).toEqual(upTo(501))
})

test('a broker that stands still for a while is waited for', async () => {
  const { adapter, topic } = await open({ requestTimeoutMs: 500 })
  const producer = producerOf(adapter)
  producer.append({ level: 'info', message: 'before' })
  expect(await adapter.flush(60_000)).toBe(true)
  kafka.pause()
  for (let i = 0; i < 500; i++) producer.append({ level: 'info', message: 'meanwhile' })
  expect(await adapter.flush(2000)).toBe(false)
  kafka.resume()
  expect(await adapter.flush(60_000)).toBe(true)
  expect(seqs(await readEntries(topic), producer.identity.id)).toEqual(upTo(501))
})

test('past the bound debug and info lines go, are accounted for, and the log itself says so', async () => {
  const { adapter, diagnostics, topic } = await open({ queueBytes: 100_000 })
  const producer = producerOf(adapter)
  const stop = adapter.onReportable(() => {
    const dropped = producer.identity.takeUnreported()
    if (dropped) producer.reportDrops({ [topic]: dropped })
  })
  await kafka.kill()
  for (let i = 1; i <= 2000; i++) {
    producer.append({ level: i % 20 === 0 ? 'warn' : 'info', message: `line ${i}` })
  }
  const { dropped } = adapter.stats()
  expect(dropped.queue_full).toBeGreaterThan(1000)
  await kafka.start()
  await vi.waitFor(async () => {
    await adapter.flush(1000)
    expect(seqs(await readEntries(topic), producer.identity.id)).toContain(2001)
  }, WAIT)
  stop()
  const entries = await readEntries(topic)
  const account = producer.identity.account()
  const lost = (account?.dropped ?? []).flatMap(({ from, to }) => upTo(to - from + 1).map((i) => from + i - 1))
  expect(lost).toHaveLength(dropped.queue_full)
  expect([...seqs(entries, producer.identity.id), ...lost].toSorted((a, b) => a - b)).toEqual(upTo(2001))
  expect(entries.filter(({ level }) => level === 'warn')).toHaveLength(101)
  const report = entries.find(({ producer }) => producer?.seq === 2001)
  expect(report).toMatchObject({
    type: 'task',
    level: 'warn',
    message: `${dropped.queue_full} records were dropped before they could be sent.`,
    metadata: { dropped: { [topic]: { queue_full: dropped.queue_full } } },
  })
  expect(diagnostics.some(({ level, message }) => level === 'error' && message.includes('dropped'))).toBe(true)
})

test('a record above the limit of the topic is dropped by itself, found by halving', async () => {
  const { adapter, topic } = await open({ compression: 'none' }, 20_000)
  const producer = producerOf(adapter)
  for (let i = 1; i <= 300; i++) {
    const message = i === 137 ? 'x'.repeat(30_000) : `line ${i} ${'x'.repeat(200)}`
    producer.append({ level: 'error', message })
  }
  expect(await adapter.flush(60_000)).toBe(true)
  const arrived = seqs(await readEntries(topic), producer.identity.id)
  expect(arrived).toEqual(upTo(300).filter((seq) => seq !== 137))
  expect(producer.identity.account()?.dropped).toEqual([{ from: 137, to: 137, reason: 'too_large' }])
  expect(adapter.stats().dropped.too_large).toBe(1)
})

test('batches are compressed, in a way that librdkafka reads too', async () => {
  // Far above the limit of the topic as it is, far below it once compressed.
  const { adapter, topic } = await open({}, 20_000)
  const producer = producerOf(adapter)
  for (let i = 1; i <= 3; i++) producer.append({ level: 'error', message: `line ${i} ${'x'.repeat(100_000)}` })
  expect(await adapter.flush(60_000)).toBe(true)
  expect(adapter.stats()).toMatchObject({ acknowledged: 3, dropped: { too_large: 0 } })
  const { stdout } = await promisify(execFile)('kcat', ['-C', '-e', '-q', '-b', kafka.brokers.join(), '-t', topic])
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as LogEntry).message.slice(0, 6)),
  ).toEqual(['line 1', 'line 2', 'line 3'])
})

test('a record above the own limit never reaches the queue', async () => {
  const { adapter } = await open({ maxRecordBytes: 1000 })
  const producer = producerOf(adapter)
  producer.append({ level: 'error', message: 'x'.repeat(1000) })
  expect(producer.identity.account()).toMatchObject({ count: 0, lastSeq: 1, dropped: [{ from: 1, to: 1 }] })
  expect(await adapter.flush(10)).toBe(true)
})

test('records wait for a topic that does not exist yet, and other topics do not wait for it', async () => {
  const { adapter: ready, bus, topic } = await open()
  const late = new KafkaLogAdapter({ ...bus, topic: 'late' })
  const [now, later] = [producerOf(ready), producerOf(late)]
  later.append({ level: 'info', message: 'early' })
  expect(await late.flush(300)).toBe(false)
  now.append({ level: 'info', message: 'on time' })
  expect(await ready.flush(60_000)).toBe(true)
  expect(await readEntries(topic)).toHaveLength(1)
  await kafka.createTopics([{ topic: 'late' }])
  expect(await late.flush(60_000)).toBe(true)
  expect(await readEntries('late')).toHaveLength(1)
  expect(await late.close(10_000)).toBe(true)
})

test('a topic that was made anew with fewer partitions still gets everything', async () => {
  const { adapter, topic } = await open()
  const producers = upTo(8).map((i) => producerOf(adapter, `run-${i}`))
  const log = (): void => {
    for (const producer of producers) producer.append({ level: 'info', message: 'x' })
  }
  log()
  expect(await adapter.flush(60_000)).toBe(true)
  const admin = kafka.client().admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [topic] })
  await vi.waitFor(async () => expect(await admin.listTopics()).not.toContain(topic), WAIT)
  log()
  await kafka.createTopics([{ topic, partitions: 2 }])
  await admin.disconnect()
  expect(await adapter.flush(60_000)).toBe(true)
  const entries = await readEntries(topic)
  for (const { identity } of producers) expect(seqs(entries, identity.id)).toEqual([2])
})

test('a close whose time runs out drops what is left, counted, and logging afterwards does not throw', async () => {
  const { adapter: closing } = await open()
  const producer = producerOf(closing)
  producer.append({ level: 'info', message: 'taken' })
  expect(await closing.flush(60_000)).toBe(true)
  await kafka.kill()
  producer.append({ level: 'info', message: 'left over' })
  expect(await closing.close(200)).toBe(false)
  expect(closing.stats()).toMatchObject({ acknowledged: 1, dropped: { queue_full: 0, too_large: 0, closed: 1 } })
  producer.append({ level: 'info', message: 'too late' })
  expect(closing.stats().dropped.closed).toBe(2)
  adapter = undefined
  await kafka.start()
})
