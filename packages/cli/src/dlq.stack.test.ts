// Dead letters from end to end: both bridges as processes on a real bus and real stores, the API, and the command.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startTestApi } from '@runlight/api/test/api.fixture'
import type { TestApi } from '@runlight/api/test/api.fixture'
import type { DeadLetterDetail, DeadLetterSummary, ReplayedLetter } from '@runlight/contracts/api-dead-letters'
import type { DeadLetter } from '@runlight/contracts/dead-letter'
import { deadLetterId } from '@runlight/contracts/dead-letter-id'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { TOPICS } from '@runlight/contracts/topics'
import type { SinkName } from '@runlight/contracts/topics'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDeliveryStack } from '../../../regression/delivery/delivery-stack.ts'
import type { DeliveryStack } from '../../../regression/delivery/delivery-stack.ts'
import { readLokiLines } from '../../../regression/oracle/loki-lines.ts'
import { BRIDGE_MEMORY } from '../../../stacks/components/bridges.ts'

const BIN = fileURLToPath(new URL('../bin/runlight.mjs', import.meta.url))
const APPENDED_AT = Date.now() - 3 * 3_600_000
const ORIGIN = { generation: 'an-older-life', topic: TOPICS.logs, partition: 0 }

let stack: DeliveryStack
let api: TestApi

beforeAll(async () => {
  stack = await startDeliveryStack({ memory: BRIDGE_MEMORY })
  await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
  api = await startTestApi(stack.postgres, { brokers: stack.kafka.brokers })
})
afterAll(async () => {
  await api?.stop()
  await stack?.stop()
})

async function runlight(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env
  const child = spawn(process.execPath, [BIN, 'dlq', ...args], {
    env: { ...env, RUNLIGHT_API_URL: api.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'close') as Promise<[number | null]>
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (output.out += String(chunk)))
  child.stderr.on('data', (chunk) => (output.err += String(chunk)))
  const [code] = await exit
  return { code, ...output }
}

async function json<T>(...args: string[]): Promise<T[]> {
  const { out } = await runlight(...args, '--json')
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T)
}

const entry = (message: string): LogEntry => ({
  ...{ schemaVersion: 1, type: 'task', orgId: 'acme', runId: 'run-lost', execution: 1, nodeRef: 'fetch', attempt: 1 },
  ...{ timestamp: new Date(APPENDED_AT).toISOString(), level: 'info', stream: 'stdout', message },
})

/** Puts a letter on its topic, as a bridge does; gives its id. */
async function refuse(sink: SinkName, offset: number, value: string): Promise<string> {
  const appendedAt = new Date(APPENDED_AT + offset).toISOString()
  const letter: DeadLetter = {
    ...{ schemaVersion: 1, sink, reason: 'refused', detail: 'stream limit exceeded' },
    origin: { ...ORIGIN, offset: String(offset), appendedAt },
    key: Buffer.from('run-lost').toString('base64'),
    value: Buffer.from(value).toString('base64'),
    valueBytes: Buffer.byteLength(value),
    failedAt: new Date().toISOString(),
  }
  const producer = stack.kafka.client().producer()
  await producer.connect()
  await producer.send({ topic: TOPICS.deadLetters, messages: [{ value: JSON.stringify(letter) }] })
  await producer.disconnect()
  return deadLetterId(sink, { ...ORIGIN, offset: BigInt(offset) })
}

const stateOf = async (id: string) => (await api.get<DeadLetterDetail>(`/api/v1/dead-letters/${id}`)).state
const listed = async () => (await json<DeadLetterSummary>('list')).map(({ id }) => id)
const lines = () =>
  readLokiLines({
    ...{ url: stack.loki.url.href, tenant: 'acme', query: '{shard=~".+"}' },
    start: BigInt(APPENDED_AT - 3_600_000) * 1_000_000n,
    end: BigInt(Date.now()) * 1_000_000n,
  })

describe('a record that was refused', () => {
  test('comes home to the sink that refused it, once, however often it is replayed', async () => {
    const good = JSON.stringify(entry('good'))
    const [forLoki, forPostgres] = [await refuse('loki', 5, good), await refuse('postgres', 6, good)]
    const bad = await refuse('loki', 7, '{"broken": ')
    await expect.poll(listed, { timeout: 60_000 }).toEqual(expect.arrayContaining([forLoki, forPostgres, bad]))

    const shown = await runlight('show', forLoki)
    expect(shown.code).toBe(0)
    expect(shown.out).toMatch(/^state +open$/m)
    expect(shown.out).toMatch(/^detail +stream limit exceeded$/m)
    expect((await runlight('show', forLoki, '--value')).out).toBe(good)
    expect(await json('list', '--sink', 'postgres')).toMatchObject([{ id: forPostgres, state: 'open' }])

    // Nobody can be asked here.
    expect(await runlight('replay', '--reason', 'refused')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^3 dead letters will be replayed: .*--yes/) as string,
    })
    expect(await runlight('replay', '--reason', 'refused', '--yes')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^3 replayed\./m) as string,
    })
    await expect.poll(() => stateOf(forPostgres), { timeout: 60_000 }).toBe('replayed')
    await expect.poll(() => stateOf(forLoki), { timeout: 60_000 }).toBe('replayed')
    await expect.poll(() => stateOf(bad), { timeout: 60_000 }).toBe('refused_again')

    const again = await json<ReplayedLetter>('replay', forLoki, forPostgres, '--yes')
    expect(again.map(({ id }) => id)).toEqual([forLoki, forPostgres])
    const replays = async () =>
      (
        await stack.sql<
          { replays: number }[]
        >`select replays from dead_letters where id in ${stack.sql([forLoki, forPostgres])}`
      ).map((row) => row.replays)
    await expect.poll(replays, { timeout: 60_000 }).toEqual([2, 2])
    await expect.poll(() => stateOf(forLoki), { timeout: 60_000 }).toBe('replayed')
    expect(await stack.sql`select message, kafka_offset from logs`).toEqual([{ message: 'good', kafka_offset: '6' }])
    const stored = await lines()
    expect(stored.map(({ line }) => (JSON.parse(line) as LogEntry).message)).toEqual(['good'])
    expect(stored[0]?.labels['late']).toBe(again[0]?.replayId)
  })

  test('and that cannot be replayed is named, with exit code 1', async () => {
    const producer = stack.kafka.client().producer()
    await producer.connect()
    await producer.send({ topic: TOPICS.deadLetters, messages: [{ value: 'no letter' }] })
    await producer.disconnect()
    const unreadable = () => json<DeadLetterSummary>('list', '--reason', 'unreadable')
    await expect.poll(unreadable, { timeout: 60_000 }).toHaveLength(1)
    const [letter] = await unreadable()
    expect(await runlight('replay', letter?.id ?? '')).toMatchObject({
      code: 1,
      out: expect.stringContaining('RL_DEAD_LETTER_NOT_REPLAYABLE') as string,
    })
    expect(await runlight('replay')).toMatchObject({ code: 2 })
    expect(await runlight('replay', letter?.id ?? '', '--sink', 'loki')).toMatchObject({ code: 2 })
    expect(await runlight('list', '--sink', 'other')).toMatchObject({ code: 1 })
    expect(await runlight('show', 'a'.repeat(22))).toMatchObject({ code: 1 })
    expect(await runlight('show', '--value', '-'.padEnd(22, 'a'))).toMatchObject({ code: 1 })
  })
})
