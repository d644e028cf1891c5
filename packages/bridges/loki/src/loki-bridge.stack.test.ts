// The Loki bridge as it runs: processes of their own that are stopped, continued and asked to end in the middle of a push.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TOPICS, consumerGroup, replayTopic } from '@runlight/contracts/topics'
import { logEntries } from '@runlight/bridge-core/batch.fixture'
import { startBridgeProcess } from '@runlight/bridge-core/bridge-process.fixture'
import type { BridgeProcess } from '@runlight/bridge-core/bridge-process.fixture'
import type { Admin, Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { startLoki } from '../../../../regression/fixtures/loki.ts'
import type { TestLoki } from '../../../../regression/fixtures/loki.ts'
import { temporaryFolder, until } from '../../../../regression/fixtures/server-process.ts'
import type { TemporaryFolder } from '../../../../regression/fixtures/server-process.ts'
import { readLokiLines } from '../../../../regression/oracle/loki-lines.ts'

const SESSION_SECONDS = 6

/** Stalls the event loop of a bridge, in a read of a pipe that nobody has written to; a file says that it does. */
const STALL = 'SIGUSR2'
const STALLING = `import { readFileSync, writeFileSync } from 'node:fs'
process.on('${STALL}', () => {
  writeFileSync(process.env.TEST_STALL + '.reached', '')
  readFileSync(process.env.TEST_STALL)
})`

let kafka: TestKafka
let loki: TestLoki
let producer: Producer
let admin: Admin
let folder: TemporaryFolder
/** The pipe. */
let stall: string
const running: BridgeProcess[] = []

beforeAll(async () => {
  ;[kafka, loki, folder] = await Promise.all([startKafka(), startLoki(), temporaryFolder('bridge')])
  stall = join(folder.path, 'stall')
  execFileSync('mkfifo', [stall])
  const topics = [TOPICS.logs, replayTopic('loki')]
  await kafka.createTopics([
    ...[...topics, TOPICS.deadLetters].map((topic) => ({ topic, partitions: 1 })),
    { topic: TOPICS.generations, partitions: 1, config: { 'cleanup.policy': 'compact' } },
  ])
  producer = kafka.client().producer({ idempotent: true, maxInFlightRequests: 1 })
  admin = kafka.client().admin()
  await Promise.all([producer.connect(), admin.connect()])
  const createdAt = new Date().toISOString()
  const messages = topics.map((topic) => {
    return { key: topic, value: JSON.stringify({ schemaVersion: 1, topic, generation: 'g', createdAt }) }
  })
  await producer.send({ topic: TOPICS.generations, messages })
})
afterAll(async () => {
  await Promise.all([producer.disconnect(), admin.disconnect()])
  await Promise.all([kafka.stop(), loki.stop(), folder.remove()])
})
afterEach(async () => {
  loki.resume()
  for (const bridge of running.splice(0)) await bridge.end('SIGKILL')
})

async function startBridge(): Promise<BridgeProcess> {
  const bridge = await startBridgeProcess(new URL('main.ts', import.meta.url), {
    LOG_KAFKA_BROKERS: kafka.brokers.join(','),
    RUNLIGHT_LOKI_URL: loki.url.href,
    RUNLIGHT_BRIDGE_SESSION_SECONDS: String(SESSION_SECONDS),
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(STALLING)}`,
    TEST_STALL: stall,
  })
  running.push(bridge)
  return bridge
}

let sent = 0
async function sendMore(count: number): Promise<void> {
  const entries = logEntries(count, {}, sent + 1)
  sent += count
  const messages = entries.map((entry) => ({ key: 'run-1', value: JSON.stringify(entry) }))
  await producer.send({ topic: TOPICS.logs, messages })
}

async function committed(): Promise<number> {
  const [answer] = await admin.fetchOffsets({ groupId: consumerGroup('loki'), topics: [TOPICS.logs] })
  return Number(answer?.partitions[0]?.offset)
}

async function expectEachLineOnce(): Promise<void> {
  const end = BigInt(Date.now() + 60_000) * 1_000_000n
  const start = end - 3_600_000_000_000n
  const place = { url: loki.url.origin, tenant: 'acme', query: '{run_id="run-1"}', start, end }
  const messages = (await readLokiLines(place)).map(({ line }) => (JSON.parse(line) as { message: string }).message)
  expect(messages).toEqual(Array.from({ length: sent }, (_, index) => `line ${index + 1}`))
  const [letters] = await admin.fetchTopicOffsets(TOPICS.deadLetters)
  expect(letters?.high).toBe('0')
}

const LONG = { timeout: 60_000 }

describe('a bridge', () => {
  it('that is asked to end in the middle of a push ends it, commits it, and goes with exit code 0', async () => {
    const bridge = await startBridge()
    await expect.poll(() => bridge.state(), LONG).toBe('running')
    loki.pause()
    await sendMore(1_000)
    await expect.poll(() => bridge.metric('runlight_loki_pushes_in_flight'), LONG).toBe(1)
    bridge.signal('SIGTERM')
    await expect.poll(() => bridge.state(), LONG).toBe('draining')
    loki.resume()
    expect(await bridge.end()).toMatchObject({ code: 0 })
    running.splice(0)
    expect(await committed()).toBe(1_000)
    await expectEachLineOnce()
  })

  it.each([
    {
      what: 'was stopped',
      stop: 'SIGSTOP',
      stands: async (bridge: BridgeProcess) => (await bridge.state()) === 'away',
      goOn: (bridge: BridgeProcess) => bridge.signal('SIGCONT'),
    },
    {
      what: 'has a stalled event loop',
      stop: STALL,
      // One that is only slow is away for a moment, too.
      stands: async () => existsSync(`${stall}.reached`),
      goOn: () => writeFile(stall, ''),
    },
  ] as const)(
    'that $what for longer than its session, in the middle of a push, changes nothing and goes on',
    async ({ stop, stands, goOn }) => {
      const stopped = await startBridge()
      await expect.poll(() => stopped.state(), LONG).toBe('running')
      loki.pause()
      await sendMore(1_000)
      await expect.poll(() => stopped.metric('runlight_loki_pushes_in_flight'), LONG).toBe(1)
      stopped.signal(stop)
      await expect.poll(() => stands(stopped), LONG).toBe(true)
      loki.resume()
      const other = await startBridge()
      await sendMore(500)
      await expect.poll(committed, LONG).toBe(sent)
      // It has had all of them: what the first one was pushing is not committed.
      expect(await other.metric('runlight_bridge_records_delivered_total')).toBe(1_500)
      await goOn(stopped)
      await expect.poll(() => stopped.metric('runlight_bridge_rebalances_total'), LONG).toBeGreaterThan(1)
      await other.end('SIGTERM')
      await sendMore(500)
      await expect.poll(committed, LONG).toBe(sent)
      await expect.poll(() => stopped.state(), LONG).toBe('running')
      await expectEachLineOnce()
    },
  )

  it('that cannot go on ends with exit code 1, and says why and what to do', async () => {
    const groupId = consumerGroup('loki')
    const partitions = [{ partition: 0, offset: String(sent + 7) }]
    // Not before the session of the one that was killed is over.
    await until(() => admin.setOffsets({ groupId, topic: TOPICS.logs, partitions }))
    const bridge = await startBridge()
    const { code, lastLine } = await bridge.end()
    running.splice(0)
    expect(code).toBe(1)
    expect(JSON.parse(lastLine)).toMatchObject({
      level: 'fatal',
      code: 'RL_LOG_END_BELOW_POSITION',
      msg: expect.stringContaining(`ends at offset ${sent}`) as string,
      next: expect.stringContaining('--accept-generation') as string,
    })
  })
})
