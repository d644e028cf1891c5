// What comes from elsewhere than a run's worker: the components' own logs, and garbage.

import { statSync } from 'node:fs'
import type { DeadLetter } from '@runlight/contracts/dead-letter'
import { TOPICS } from '@runlight/contracts/topics'
import type { ApiClient } from '@runlight/sdk/client/api-client'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { readTopic } from '../oracle/topic-records.ts'
import { linesGivenIn } from './component-lines.ts'
import type { ComponentLines } from './component-lines.ts'
import { connectAsReader, logsHeldByLoki } from './held-records.ts'
import type { Scene } from './scene.ts'

export function whatElseFlows(scene: () => Scene): void {
  describe("the components' own logs", () => {
    it('are in the hot store, each record once, what belongs together in one', async () => {
      const { stack } = scene()
      const speaking = Object.entries(stack.outputs.components).filter(([, { log }]) => statSync(log).size > 0)
      expect(speaking.map(([name]) => name)).toEqual(
        expect.arrayContaining(['bus', 'postgres', 'api', 'log-collector']),
      )
      const sql = await connectAsReader(stack)
      try {
        const heard = async () => {
          const rows = await sql<{ component: string }[]>`select distinct component from logs where type = 'system'`
          return rows.map(({ component }) => component)
        }
        await expect.poll(heard, { timeout: 60_000 }).toEqual(expect.arrayContaining(speaking.map(([name]) => name)))
        const [doubled] = await sql`
          select count(*)::int as rows, count(distinct (producer_id, producer_seq))::int as identities
          from logs where component = 'bus'`
        expect(doubled?.['rows']).toBe(doubled?.['identities'])
        const [started] = await sql`
          select message, level from logs
          where component = 'bus' and message like 'KafkaConfig values:%' limit 1`
        // A table of settings is one entry.
        expect(started?.['message']).toContain('\n\tlog.dirs = ')
        expect(started?.['level']).toBe('info')
      } finally {
        await sql.end()
      }
    })

    it('stay few while nothing happens, of each component and in all: shipping them makes none', async () => {
      const { stack } = scene()
      const sql = await connectAsReader(stack)
      const sum = (given: readonly ComponentLines[]) => given.reduce((total, { lines }) => total + lines, 0)
      try {
        // What components say at their start has arrived.
        await expect.poll(async () => sum(await linesGivenIn(sql, 5)), { timeout: 120_000 }).toBeLessThanOrEqual(5)
        const given = await linesGivenIn(sql, 60)
        expect(given.map(({ name }) => name)).toEqual(expect.arrayContaining(['bus', 'postgres', 'log-collector']))
        expect(given.filter(({ lines }) => lines > 20)).toEqual([])
        expect(sum(given), JSON.stringify(given)).toBeLessThanOrEqual(60)
      } finally {
        await sql.end()
      }
    })
  })

  describe('garbage on a topic', () => {
    it('becomes dead letters with a reason, and the good records around it are stored', async () => {
      const { stack, api } = scene()
      const runId = `foreign-${crypto.randomUUID()}`
      const good = (message: string) =>
        JSON.stringify({
          ...{ schemaVersion: 1, type: 'job', runId, level: 'info', stream: 'stdout', message },
          timestamp: new Date().toISOString(),
        })
      const values = [good('first'), '{"broken', Buffer.from([0xff, 0xfe]), '{"schemaVersion":1}', good('last')]
      const producer = new Kafka({
        brokers: [stack.outputs.addresses.broker],
        logLevel: logLevel.NOTHING,
      }).producer()
      await producer.connect()
      await producer.send({ topic: TOPICS.logs, messages: values.map((value) => ({ key: runId, value })) })
      await producer.disconnect()

      await expect
        .poll(async () => (await logsHeldByLoki(stack, runId)).lines, { timeout: 60_000 })
        .toEqual([values[0], values[4]])
      await expect.poll(() => messagesOf(api, runId), { timeout: 60_000 }).toEqual(['first', 'last'])
      const letters = (await readTopic([stack.outputs.addresses.broker], TOPICS.deadLetters)).map(
        ({ value }) => JSON.parse(value) as DeadLetter,
      )
      for (const sink of ['loki', 'postgres']) {
        const own = letters.filter((letter) => letter.sink === sink)
        // Letters of one place are one, as for every reader.
        const places = own.map(({ origin, reason }) => `${origin.topic}/${origin.partition}/${origin.offset} ${reason}`)
        const reasons = [...new Set(places)].map((place) => place.split(' ')[1])
        expect(reasons.sort()).toEqual(['encoding', 'json', 'schema'])
      }
    })
  })
}

async function messagesOf(api: ApiClient, runId: string): Promise<string[]> {
  const messages: string[] = []
  for await (const { message } of api.allLogs(runId)) messages.push(message)
  return messages
}
