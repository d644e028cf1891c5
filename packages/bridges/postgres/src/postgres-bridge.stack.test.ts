// The Postgres bridge as it runs, while the broker goes away at any moment of its start and its end.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { logEntries } from '@runlight/bridge-core/batch.fixture'
import { startBridgeProcess } from '@runlight/bridge-core/bridge-process.fixture'
import type { BridgeProcess } from '@runlight/bridge-core/bridge-process.fixture'
import { TOPICS, replayTopic } from '@runlight/contracts/topics'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { temporaryFolder } from '../../../../regression/fixtures/server-process.ts'
import type { TemporaryFolder } from '../../../../regression/fixtures/server-process.ts'
import { startTraceStore } from './trace-store.fixture.ts'
import type { TestTraceStore } from './trace-store.fixture.ts'

let kafka: TestKafka
let store: TestTraceStore
let folder: TemporaryFolder
let passwordFile: string
const running: BridgeProcess[] = []

beforeAll(async () => {
  ;[kafka, store, folder] = await Promise.all([startKafka(), startTraceStore(), temporaryFolder('bridge')])
  passwordFile = join(folder.path, 'password')
  await writeFile(passwordFile, 'unused: every role is trusted')
  const topics = [TOPICS.logs, TOPICS.events, TOPICS.deadLetters, replayTopic('loki'), replayTopic('postgres')]
  await kafka.createTopics([
    ...topics.map((topic) => ({ topic, partitions: 1 })),
    { topic: TOPICS.generations, partitions: 1, config: { 'cleanup.policy': 'compact' } },
  ])
  const createdAt = new Date().toISOString()
  await send(
    TOPICS.generations,
    topics.map((topic) => {
      return { key: topic, value: JSON.stringify({ schemaVersion: 1, topic, generation: 'g', createdAt }) }
    }),
  )
})
afterAll(async () => {
  await kafka.stop()
  await store.stop()
  await folder.remove()
})
afterEach(async () => {
  for (const bridge of running.splice(0)) await bridge.end('SIGKILL')
})

async function send(topic: string, messages: { key: string; value: string }[]): Promise<void> {
  const producer = kafka.client().producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  await producer.send({ topic, messages })
  await producer.disconnect()
}

let sent = 0
async function sendLine(): Promise<void> {
  sent += 1
  await send(TOPICS.logs, [{ key: 'run-1', value: JSON.stringify(logEntries(1, {}, sent)[0]) }])
}

async function startBridge(): Promise<BridgeProcess> {
  const bridge = await startBridgeProcess(new URL('main.ts', import.meta.url), {
    LOG_KAFKA_BROKERS: kafka.brokers.join(','),
    RUNLIGHT_POSTGRES_URL: store.postgres.url('runlight_writer').href,
    RUNLIGHT_POSTGRES_PASSWORD_FILE: passwordFile,
    RUNLIGHT_BRIDGE_SESSION_SECONDS: '6',
  })
  running.push(bridge)
  return bridge
}

const LONG = { timeout: 60_000 }
const messages = () => Array.from({ length: sent }, (_, index) => `line ${index + 1}`)

describe('a broker that goes away', () => {
  it('while the bridge starts is waited for; then everything is delivered, and the end is orderly', async () => {
    const bridge = await startBridge()
    await expect.poll(() => bridge.output(), { ...LONG, interval: 5 }).toContain('Partitions are assigned.')
    const before = bridge.output().length
    await kafka.kill()
    // How far its start has come until then depends on the machine, and with that which step finds the broker gone.
    const waits = /trying again until it succeeds|could not be found out; asking again|could not go on and starts again/
    await expect.poll(() => bridge.output().slice(before), LONG).toMatch(waits)
    await kafka.start()
    await sendLine()
    await expect.poll(() => store.messages(), LONG).toEqual(messages())
    await expect.poll(() => bridge.state(), LONG).toBe('running')
    expect(await bridge.end('SIGTERM')).toMatchObject({ code: 0 })
    running.splice(0)
  })

  it.each(['kill', 'pause'] as const)('(%s) does not hold up the end of the process', async (way) => {
    const bridge = await startBridge()
    await expect.poll(() => bridge.state(), LONG).toBe('running')
    await sendLine()
    await expect.poll(() => store.messages(), LONG).toEqual(messages())
    await kafka[way]()
    expect(await bridge.end('SIGTERM')).toMatchObject({ code: 0 })
    running.splice(0)
    if (way === 'kill') await kafka.start()
    else kafka.resume()
  })
})
