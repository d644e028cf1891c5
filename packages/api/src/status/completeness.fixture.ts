// What of a run has reached each store, by the store's own progress.

import { TOPICS, replayTopic } from '@runlight/contracts/topics'
import type { TopicAccount } from '@runlight/contracts/trace-event'
import { describe, expect, test } from 'vitest'
import { event } from './scene.fixture.ts'
import type { StatusScene } from './scene.fixture.ts'
import { lokiLetter } from '../test/loki-group.fixture.ts'
import { account, closed, logEntry } from '../test/records.fixture.ts'

export function completeness(scene: StatusScene): void {
  describe('completeness', () => {
    const runId = 'run-accounted'
    const sent = (producerId: string, lastSeq: number, offset: number) =>
      account({ producerId, lastSeq, count: lastSeq, positions: [{ partition: 2, offset: String(offset) }] })

    const completed = (whole: string, logs: TopicAccount) =>
      scene.store.storeEvents([
        event(whole, 'RUN_STARTED'),
        closed(whole, { logs, events: account({ producerId: 'steps' }) }),
        event(whole, 'RUN_COMPLETED', { data: { attempts: [{ nodeRef: 'build', attempt: 1, outcome: 'completed' }] } }),
      ])

    const states = async () => {
      const { telemetry } = await scene.status(runId)
      return { loki: telemetry.loki?.state, postgres: telemetry.postgres?.state }
    }

    test('follows each store by its own progress', async () => {
      await scene.store.storeEvents([event(runId, 'RUN_STARTED')])
      expect(await states()).toEqual({ loki: 'arriving', postgres: 'arriving' })
      const lines = (from: number, to: number) =>
        Array.from({ length: to - from + 1 }, (_, index) =>
          logEntry({ runId, producer: { id: 'lines', seq: from + index }, message: `line ${from + index}` }),
        )
      await scene.store.storeLogs(lines(1, 3), { partition: 2 })
      await scene.store.storeEvents([
        closed(runId, { logs: sent('lines', 5, 4), events: account({ producerId: 'steps' }) }),
        event(runId, 'RUN_COMPLETED', { data: { attempts: [{ nodeRef: 'build', attempt: 1, outcome: 'completed' }] } }),
      ])
      expect(await states()).toEqual({ loki: 'arriving', postgres: 'arriving' })
      await scene.store.storeLogs(lines(4, 5), { partition: 2 })
      expect(await states()).toEqual({ loki: 'arriving', postgres: 'complete' })
      await scene.commitLoki(2, 4)
      await scene.eventually(states).toEqual({ loki: 'arriving', postgres: 'complete' })
      await scene.commitLoki(2, 5)
      await scene.eventually(states).toEqual({ loki: 'complete', postgres: 'complete' })
    })

    test('what Loki refused is missing there, until its replay has passed', async () => {
      const refusing = 'run-refused'
      const appendedAt = Date.now() - 1_000
      const line = (seq: number) => logEntry({ runId: refusing, producer: { id: 'refused', seq } })
      await scene.store.storeLogs([line(1), line(2), line(3)], { partition: 1, appendedAt })
      const logs = account({ producerId: 'refused', lastSeq: 4, count: 4, positions: [{ partition: 1, offset: '3' }] })
      await completed(refusing, logs)
      // One that the hot store has, too, and one that only the letter itself knows.
      const letter = (seq: number) =>
        lokiLetter(`letter-${seq}`, line(seq), { partition: 1, offset: seq - 1, appendedAt })
      await scene.store.sql`INSERT INTO dead_letters ${scene.store.sql([letter(2), letter(4)])}`
      await scene.commitLoki(1, 4)
      const loki = async () => (await scene.status(refusing)).telemetry.loki
      const ranges = (...seqs: number[]) => [
        { producerId: 'refused', topic: TOPICS.logs, ranges: seqs.map((seq) => ({ from: seq, to: seq })) },
      ]
      await scene.eventually(loki).toMatchObject({ state: 'missing', missing: ranges(2, 4) })

      await scene.store.sql`UPDATE dead_letters SET replay_offset = 0 WHERE id = 'letter-2'`
      expect(await loki()).toMatchObject({ state: 'missing', missing: ranges(2, 4) })
      await scene.commitLoki(0, 1, replayTopic('loki'))
      await scene.eventually(loki).toMatchObject({ state: 'missing', missing: ranges(4) })
    })

    test('Loki counts as passed only once the letters of what it refused are stored', async () => {
      const early = 'run-early'
      await scene.store.storeLogs([logEntry({ runId: early, producer: { id: 'early', seq: 1 } })], { partition: 4 })
      const logs = account({ producerId: 'early', lastSeq: 1, count: 1, positions: [{ partition: 4, offset: '0' }] })
      await completed(early, logs)
      const producer = scene.kafka.client().producer()
      await producer.connect()
      await producer.send({ topic: TOPICS.deadLetters, messages: [{ value: 'a letter', partition: 0 }] })
      await producer.disconnect()
      await scene.commitLoki(4, 1)
      const loki = async () => (await scene.status(early)).telemetry.loki?.state
      const seen: unknown[] = [] // as often as it takes for the API to ask anew
      await scene.eventually(async () => seen.push(await loki())).toBeGreaterThan(24)
      expect(new Set(seen)).toEqual(new Set(['arriving']))
      await scene.store.sql`
        INSERT INTO positions (topic, kafka_partition, generation, next_offset, updated_at)
        VALUES (${TOPICS.deadLetters}, 0, 'first', 1, now())`
      await scene.eventually(loki).toBe('complete')
    })

    test('names what a store that has passed it does not hold, and who has not closed', async () => {
      const lossy = 'run-lossy'
      const ago = Date.now() - 120_000
      const timestamp = new Date(ago).toISOString()
      const line = (seq: number) => logEntry({ runId: lossy, timestamp, producer: { id: 'lossy', seq } })
      const killed = { nodeRef: 'deploy', attempt: 3 }
      const unclosed = [1, 2, 3].map((seq) =>
        logEntry({ runId: lossy, timestamp, ...killed, producer: { id: 'killed', seq } }),
      )
      await scene.store.storeLogs([line(1), ...unclosed], { partition: 3, appendedAt: ago })
      scene.store.skip(TOPICS.logs, 3, 2)
      await scene.store.storeLogs([line(4)], { partition: 3, appendedAt: ago })
      const logs = account({
        ...{ producerId: 'lossy', lastSeq: 4, count: 4, positions: [{ partition: 3, offset: '6' }] },
      })
      const attempts = [
        { nodeRef: 'build', attempt: 1, outcome: 'completed' },
        { ...killed, outcome: 'timed_out' },
      ]
      await scene.store.storeEvents([
        event(lossy, 'RUN_STARTED', { timestamp }),
        closed(lossy, { logs, events: account({ producerId: 'steps' }) }),
        event(lossy, 'RUN_FAILED', { timestamp, data: { attempts } }),
      ])
      const { telemetry } = await scene.status(lossy)
      expect(telemetry.postgres).toEqual({
        ...{ state: 'unknown', dropped: 0 },
        missing: [{ producerId: 'lossy', topic: TOPICS.logs, ranges: [{ from: 2, to: 3 }] }],
        unclosed: [{ nodeRef: 'deploy', execution: 1, attempt: 3, knownUpTo: 3 }],
      })
    })
  })
}
