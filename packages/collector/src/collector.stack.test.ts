// The collector as a process, against a real broker: killed in the middle, with the bus away, and left alone.

import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { checkLogEntry } from '@runlight/contracts/log-entry'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { Partitioners } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { freePorts, startProcess, temporaryFolder } from '../../../regression/fixtures/server-process.ts'
import type { ServerProcess, TemporaryFolder } from '../../../regression/fixtures/server-process.ts'
import { readTopic } from '../../../regression/oracle/topic-records.ts'
import { encode } from './records/encode.ts'
import { bootId } from './ship/boot-id.ts'
import { Journal } from './ship/journal.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const WAIT = { timeout: 90_000, interval: 100 }
const OWN = 'log-collector'
const LEFT_OUT = 'runlight_collector_left_out_total'

let kafka: TestKafka
let topic: string
let topics = 0
/** Where the logs are, and the collector's state: outlives its processes. */
let place: string
let running: { server: ServerProcess; folder: TemporaryFolder; port: number } | undefined

beforeAll(async () => {
  kafka = await startKafka()
})
afterAll(async () => kafka?.stop())

beforeEach(async () => {
  topic = `logs-${++topics}`
  await kafka.createTopics([{ topic }])
  place = mkdtempSync(join(tmpdir(), 'runlight-collected-'))
  mkdirSync(join(place, 'state'))
})
afterEach(async () => {
  await stop('SIGKILL')
  rmSync(place, { recursive: true })
})

const pathOf = (component: string): string => join(place, `${component}.log`)
const say = (component: string, ...lines: string[]): void =>
  appendFileSync(pathOf(component), lines.map((line) => `${line}\n`).join(''))

async function start(components: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const folder = await temporaryFolder('collector')
  const [port] = (await freePorts(1)) as [number]
  // Its own log is a log like the others.
  writeFileSync(pathOf(OWN), '', { flag: 'a' })
  const own = { ...folder, log: pathOf(OWN) }
  const server = await startProcess({
    file: process.execPath,
    args: ['--import', 'tsx', MAIN],
    folder: own,
    env: {
      LOG_KAFKA_BROKERS: kafka.brokers.join(),
      LOG_KAFKA_TOPIC: topic,
      RUNLIGHT_LISTEN: `127.0.0.1:${port}`,
      RUNLIGHT_COLLECTOR_LOGS: [...components, OWN].map((name) => `${name}=file:${pathOf(name)}`).join(),
      RUNLIGHT_COLLECTOR_STATE: join(place, 'state'),
      ...env,
    },
  })
  running = { server, folder, port }
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  running?.server.signal(signal)
  await running?.server.exited
  await running?.folder.remove()
  running = undefined
}

/** Sum of a metric over the series whose labels contain the text; NaN while it can't be asked. */
async function metric(name: string, labels = ''): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${running?.port}/metrics`).then(
    (answer) => answer.text(),
    () => undefined,
  )
  const series = text?.split('\n').filter((line) => line.startsWith(name) && line.includes(labels))
  return series?.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0) ?? NaN
}

async function entries(): Promise<LogEntry[]> {
  const records = await readTopic(kafka.brokers, topic)
  return records.map(({ key, value }) => {
    const checked = checkLogEntry(JSON.parse(value))
    if (!checked.ok) throw new Error(`${checked.refusal.field} ${checked.refusal.message}: ${value}`)
    expect(key).toBe(checked.value.component)
    return checked.value
  })
}

const messagesOf = (all: readonly LogEntry[], component: string): string[] =>
  all.filter((entry) => entry.component === component).map(({ message }) => message)

/** A random number from 0 to 1 that is the same in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => (state = (state * 16807) % 2147483647) / 2147483647
}

it('ships every line once and in order, killed again and again while files are written to and rotated', async () => {
  const env = { RUNLIGHT_COLLECTOR_LINES_PER_SECOND: '100000', RUNLIGHT_COLLECTOR_ROTATE_MIB: '1' }
  const random = seeded(20261121)
  const components = ['one', 'two', 'three']
  const expected: Record<string, string[]> = { one: [], two: [], three: [] }
  const writers = Object.fromEntries(components.map((name) => [name, openSync(pathOf(name), 'a')]))
  const write = (name: string, lines: number): void => {
    for (let count = 0; count < lines; count++) {
      const message = `line ${expected[name]?.length} of ${name} ${'.'.repeat(Math.floor(random() * 150))}`
      expected[name]?.push(message)
      writeSync(writers[name] as number, `time=${new Date().toISOString()} level=info msg="${message}"\n`)
    }
  }
  for (let round = 0; round < 5; round++) {
    await start(components, env)
    await vi.waitFor(
      async () => expect(await metric('runlight_collector_records_total')).toBeGreaterThanOrEqual(0),
      WAIT,
    )
    // Some of it is on its way when the process is killed.
    for (let slices = 5 + Math.floor(random() * 30); slices > 0; slices--) {
      for (const name of components) write(name, Math.floor(random() * 300))
      await pause(Math.floor(random() * 25))
    }
    await stop('SIGKILL')
  }
  await start(components, env)
  for (const name of components) write(name, 1)
  await vi.waitFor(async () => {
    const all = await entries()
    for (const name of components) expect(messagesOf(all, name)).toContain(expected[name]?.at(-1))
  }, WAIT)
  for (const descriptor of Object.values(writers)) closeSync(descriptor)

  const all = await entries()
  for (const name of components) {
    expect(existsSync(`${pathOf(name)}.1`)).toBe(true)
    const shipped = messagesOf(all, name)
    expect(shipped.length).toBe(expected[name]?.length)
    expect(shipped).toEqual(expected[name])
    const producers = all.filter(({ component }) => component === name).map(({ producer }) => producer)
    expect(new Set(producers.map((producer) => producer?.id)).size).toBe(1)
    expect(producers.map((producer) => producer?.seq)).toEqual(shipped.map((_, index) => index + 1))
  }
})

it('sends of a batch that was on its way exactly what the bus does not have', async () => {
  const journal = await Journal.open(join(place, 'state'), bootId())
  await journal.setEnds(new Map([[0, 0n]]))
  const progress = { ...journal.progress('worker'), seq: 4 }
  const batch = [1, 2, 3, 4].map((seq) =>
    encode('worker', { level: 'info', message: `line ${seq}` }, '2026-11-21T12:00:00Z', {
      id: progress.producerId,
      seq,
    }),
  )
  await journal.begin(batch, { worker: progress })
  const producer = kafka.client().producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  // Others write to the topic too.
  await producer.send({ topic, messages: [{ key: 'x', value: '{}' }, ...batch.slice(0, 2), { key: 'y', value: '{}' }] })
  await producer.disconnect()
  await start(['worker'])
  say('worker', '{"msg":"line 5"}')
  await vi.waitFor(async () => expect(await metric('runlight_collector_records_total', 'worker')).toBe(3), WAIT)
  const records = (await readTopic(kafka.brokers, topic)).filter(({ key }) => key === 'worker')
  const shipped = records.map(({ value }) => JSON.parse(value) as LogEntry)
  expect(shipped.map(({ message }) => message)).toEqual([1, 2, 3, 4, 5].map((seq) => `line ${seq}`))
  expect(shipped.map((entry) => entry.producer)).toEqual(
    [1, 2, 3, 4, 5].map((seq) => ({ id: progress.producerId, seq })),
  )
})

it('says nothing of what it ships: while components speak, its own log stays as it is', async () => {
  await start(['worker'])
  await vi.waitFor(async () => expect(messagesOf(await entries(), OWN)).toContain('The bus takes records.'), WAIT)
  const before = messagesOf(await entries(), OWN)
  for (let count = 1; count <= 10; count++) {
    say('worker', `{"level":"info","time":"${new Date().toISOString()}","msg":"line ${count}"}`)
    await vi.waitFor(async () => expect(await metric('runlight_collector_records_total', '"worker"')).toBe(count), WAIT)
  }
  const all = await entries()
  expect(messagesOf(all, 'worker')).toEqual(Array.from({ length: 10 }, (_, index) => `line ${index + 1}`))
  expect(messagesOf(all, OWN)).toEqual(before)
})

it('keeps lines in their files while the bus is away, says so twice, and ships all of them afterwards', async () => {
  await start(['worker'])
  say('worker', 'before')
  await vi.waitFor(async () => expect(await metric('runlight_collector_records_total', '"worker"')).toBe(1), WAIT)
  await kafka.kill()
  const during = Array.from({ length: 300 }, (_, index) => `during ${index}`)
  say('worker', ...during)
  // However long it tries.
  await vi.waitFor(async () => expect(await metric('runlight_collector_send_failures_total')).toBeGreaterThan(3), WAIT)
  expect((await fetch(`http://127.0.0.1:${running?.port}/readyz`)).status).toBe(503)
  await kafka.start()
  say('worker', 'after')
  await vi.waitFor(async () => expect(messagesOf(await entries(), 'worker').at(-1)).toBe('after'), WAIT)
  const all = await entries()
  expect(messagesOf(all, 'worker')).toEqual(['before', ...during, 'after'])
  const told = async () =>
    messagesOf(await entries(), OWN).flatMap(
      (message) => /^The bus takes (records|no records)/.exec(message)?.[1] ?? [],
    )
  await vi.waitFor(async () => expect((await told()).slice(1)).toContain('records'), WAIT)
  // Each change once, not each attempt. A broker that starts may take records, refuse some, and take them again.
  const changes = await told()
  expect(changes).toEqual(changes.map((_, index) => (index % 2 === 0 ? 'records' : 'no records')))
  expect(changes.length).toBeLessThanOrEqual(7)
})

it('does not let an outage of a store grow: what the shipping path repeats is left out and counted', async () => {
  await start(['bridge-loki'])
  const line = (level: string, text: string): string =>
    `{"level":"${level}","time":"${new Date().toISOString()}","msg":"${text}"}`
  say('bridge-loki', ...Array.from({ length: 4000 }, () => line('warn', 'Loki does not answer; trying again.')))
  say('bridge-loki', ...Array.from({ length: 500 }, () => line('debug', 'A batch was pushed.')))
  await vi.waitFor(async () => expect(await metric('runlight_collector_left_out_total', 'own')).toBe(500), WAIT)
  let all: LogEntry[] = []
  await vi.waitFor(async () => {
    all = (await entries()).filter(({ component }) => component === 'bridge-loki')
    expect(all.some(({ message }) => message.includes('left out'))).toBe(true)
  }, WAIT)
  const leftOut = all.flatMap(({ metadata }) => (metadata?.['leftOut'] as { count: number } | undefined)?.count ?? [])
  const shipped = all.filter(({ message }) => message.startsWith('Loki does not answer'))
  expect(shipped.length).toBeLessThan(1_100)
  expect(shipped.length + leftOut.reduce((sum, count) => sum + count, 0)).toBe(4000)
  expect(all.some(({ message }) => message === 'A batch was pushed.')).toBe(false)
})

it('lets nothing feed back: a store and a broker that speak of every record they take soon speak unheard', async () => {
  const speakers = ['loki', 'bus']
  await start(speakers)
  const began = performance.now()
  let written = 0
  const speak = (times: number): void => {
    const line = `{"level":"info","time":"${new Date().toISOString()}","msg":"A record was taken."}`
    for (const name of speakers) say(name, ...Array.from({ length: times }, () => line))
    written += times
  }
  speak(1)
  let heard = 0
  /** Each has two lines to say of every record, at a level that is shipped, until enough has come back. */
  const answerUntil = async (isEnough: () => Promise<void>): Promise<void> =>
    vi.waitFor(async () => {
      const taken = await metric('runlight_collector_records_total')
      if (taken > heard) {
        speak(2 * (taken - heard))
        heard = taken
      }
      await isEnough()
    }, WAIT)
  await answerUntil(async () => {
    for (const name of speakers) expect(await metric(LEFT_OUT, `"${name}",reason="rate"`)).toBeGreaterThan(2_000)
  })
  // It goes on at the rate's own pace.
  const flooded = heard
  await answerUntil(async () => expect(heard).toBeGreaterThan(flooded + 8))

  for (const name of speakers) {
    const taken = await metric('runlight_collector_records_total', `"${name}"`)
    const seconds = (performance.now() - began) / 1000
    // 1,000 at once; then a line a second, each with one that tells of what was left out, and one every ten seconds.
    expect(taken).toBeLessThanOrEqual(1_010 + 2.2 * seconds)
    expect(written).toBeGreaterThan(2 * taken)
    await vi.waitFor(async () => {
      const lines = messagesOf(await entries(), name).filter((message) => message === 'A record was taken.')
      expect(lines.length + (await metric(LEFT_OUT, `"${name}",reason="rate"`))).toBe(written)
    }, WAIT)
  }
})

it('ships no credential, whoever has printed it, and lets garbage survive', async () => {
  const credential = 'Zk3-generated_0123456789abcdefABCDEF'
  const file = join(place, 'credentials')
  writeFileSync(file, `other-credential\n${credential}`)
  appendFileSync(pathOf('postgres'), Buffer.from([0x67, 0xff, 0xfe, 0x00, 0x80, 0x0a]))
  say(
    'postgres',
    '2026-11-21 14:37:50.308 UTC [1] runlight@runlight ERROR:  syntax error at or near "x"',
    `2026-11-21 14:37:50.308 UTC [1] runlight@runlight STATEMENT:  ALTER ROLE x RENAME TO '${credential}' x`,
  )
  await start(['postgres'], { RUNLIGHT_COLLECTOR_CREDENTIALS_FILE: file })
  await vi.waitFor(async () => expect(await metric('runlight_collector_records_total', 'postgres')).toBe(2), WAIT)
  const records = await readTopic(kafka.brokers, topic)
  expect(JSON.stringify(records.map(({ value }) => value))).not.toContain(credential)
  expect(messagesOf(await entries(), 'postgres')).toEqual([
    'g\uFFFD\uFFFD\uFFFD\uFFFD',
    'syntax error at or near "x"\nSTATEMENT: ALTER ROLE x RENAME TO \'[redacted]\' x',
  ])
  expect(await metric('runlight_collector_redactions_total', 'postgres')).toBe(1)
})
