// What was settled is remembered no longer than nothing else comes.

import { ROLES } from '@runlight/contracts/tables'
import { TOPICS } from '@runlight/contracts/topics'
import { expect, test } from 'vitest'
import { readStatus } from './read.ts'
import { event } from './scene.fixture.ts'
import type { StatusScene } from './scene.fixture.ts'
import { rememberSettled } from './telemetry.ts'
import { DEFAULT_POOL, openDatabase } from '../store/database.ts'
import type { Database } from '../store/database.ts'
import { account } from '../test/records.fixture.ts'

/**
 * A database that is read once at a time, and of reads that are asked for side by side the last one first: `between`
 * comes after the first of all.
 */
function lastFirst(database: Database, between: () => Promise<void>): Database {
  const asked: (() => Promise<void>)[] = []
  let turns = Promise.resolve()
  let done = 0
  return {
    ...database,
    read: (query) =>
      new Promise((resolve, reject) => {
        asked.push(() => database.read(query).then(resolve, reject))
        turns = turns
          .then(() => new Promise<void>((next) => setImmediate(next)))
          .then(async () => {
            if (done++ === 1) await between()
            await asked.pop()?.()
          })
      }),
  }
}

export function settled(scene: StatusScene): void {
  test('a close that is stored while a run is looked at for the first time is not overlooked for good', async () => {
    const runId = 'run-late-close'
    await scene.store.storeEvents([
      event(runId, 'RUN_STARTED'),
      event(runId, 'RUN_COMPLETED', { data: { attempts: [] } }),
    ])
    const url = scene.store.postgres.url(ROLES.reader)
    const database = openDatabase({ url, password: 'reader', ...DEFAULT_POOL })
    const sources = {
      topics: { logs: TOPICS.logs, events: TOPICS.events },
      settled: rememberSettled(),
      settledLoki: () => Promise.resolve({ logs: new Map<number, bigint>(), replays: 0n }),
      lokiHealth: () => Promise.resolve({ ok: true, value: true } as const),
      // The row is final: Temporal is not asked.
      engine: {
        describe: () => Promise.resolve({ ok: true, value: undefined } as const),
        version: () => Promise.resolve({ ok: true, value: '' } as const),
        forget: () => undefined,
      },
    }
    const lateClose = () => {
      const logs = account({ producerId: 'late', lastSeq: 1, count: 1, positions: [{ partition: 4, offset: '1000' }] })
      const data = { logs, events: account({ producerId: 'late' }) }
      return scene.store.storeEvents([event(runId, 'PRODUCER_CLOSED', { data })])
    }
    await readStatus({ ...sources, database: lastFirst(database, lateClose) }, runId)
    const { telemetry } = (await readStatus({ ...sources, database }, runId)) ?? {}
    expect(telemetry).toMatchObject({ postgres: { state: 'arriving' }, loki: { state: 'arriving' } })
    await database.close()
  })
}
