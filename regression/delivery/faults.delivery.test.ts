// 1,000,000 numbered records while everything that can be killed is killed.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SINKS, TOPICS } from '@runlight/contracts/topics'
import { BRIDGE_MEMORY } from '../../stacks/components/bridges.ts'
import { Account } from '../oracle/account.ts'
import { readLoki } from '../oracle/check-loki.ts'
import { readEvents, readLogs, readPostgres } from '../oracle/check-postgres.ts'
import { NumberedRecords } from '../oracle/numbered-records.ts'
import { produceRecords } from '../oracle/produce.ts'
import { Random, chooseSeed } from '../oracle/random.ts'
import { committedOffsets, startDeliveryStack, untilDelivered, untilProgress } from './delivery-stack.ts'
import type { DeliveryStack } from './delivery-stack.ts'
import { FAULTS } from './faults.ts'
import { Journal } from './journal.ts'

const RECORDS = 1_000_000
const TENANTS = ['acme', 'globex', 'unassigned']

let stack: DeliveryStack

beforeAll(async () => {
  stack = await startDeliveryStack({ memory: BRIDGE_MEMORY })
})
afterAll(() => stack.stop())

describe('1,000,000 records', () => {
  it('are in both stores, each once, unchanged and in order, whatever is killed meanwhile', async () => {
    const seed = chooseSeed()
    const random = new Random(seed)
    const journal = new Journal(`RUNLIGHT_SEED=${seed}`)
    const startedAt = Date.now()
    const records = new NumberedRecords({ seed, records: RECORDS, startedAt })
    const range = {
      url: stack.loki.url.origin,
      tenants: TENANTS,
      start: BigInt(startedAt - 60_000) * 1_000_000n,
      end: BigInt(startedAt + 3_600_000) * 1_000_000n,
    }
    await journal.on(async () => {
      await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
      const producing = produceRecords(stack.kafka, records).then(() => journal.write('everything is on the bus'))
      // Rejects only: with nothing more to come, waiting would end in the dark.
      const sourceFailed = producing.then(() => new Promise<never>(() => undefined))
      sourceFailed.catch(() => undefined)
      const faults = random.shuffle(FAULTS)
      const commitsAt = random.below(faults.length)
      for (const [index, fault] of faults.entries()) {
        const share = 0.02 + (0.9 * (index + random.below(1000) / 1000)) / faults.length
        // Each log is counted for both sinks, each event for one.
        const enough = ({ committed }: { committed: number }) => committed >= share * 2 * RECORDS * 0.98
        await Promise.race([untilProgress(stack, fault.name, enough), sourceFailed])
        const before = performance.now()
        await fault.strike(stack, random)
        const seconds = ((performance.now() - before) / 1000).toFixed(1)
        journal.write(`${Math.round(share * 100)} %: ${fault.name}, whole again after ${seconds} s`)
        if (index === commitsAt) await checkCommits(records, range)
      }
      await producing
      await untilDelivered(stack)
      journal.write('everything is stored')
      const inLoki = new Account(records, ['logs'])
      const inPostgres = new Account(records, ['logs', 'events'])
      await Promise.all([readLoki(inLoki, range), readPostgres(inPostgres, stack.sql)])
      const peaks = SINKS.map((sink) => `${sink} ${Math.round(stack.peakMemory(sink))} MiB`)
      journal.write(`both stores are read; peaks of the bridges: ${peaks.join(', ')}`)
      for (const account of [inLoki, inPostgres]) account.expectAll()
      for (const sink of SINKS) expect(stack.peakMemory(sink)).toBeLessThan(stack.memoryLimit(sink))
      expect({ loki: inLoki.findings, postgres: inPostgres.findings }).toEqual({ loki: {}, postgres: {} })
    })
    journal.print()
  })
})

/** With the bridges killed: whatever a group has committed by then must be in its store. */
async function checkCommits(records: NumberedRecords, range: Parameters<typeof readLoki>[1]): Promise<void> {
  const old = stack.bridges.splice(0)
  await Promise.all(old.map((bridge) => bridge.kill()))
  const inLoki = new Account(records, ['logs'])
  await readLoki(inLoki, range)
  for (const [partition, offset] of await committedOffsets(stack, 'loki', TOPICS.logs)) {
    inLoki.expectDelivered('logs', partition, offset)
  }
  const inPostgres = new Account(records, ['logs', 'events'])
  await readLogs(inPostgres, stack.sql)
  await readEvents(inPostgres, stack.sql)
  for (const [kind, topic] of [
    ['logs', TOPICS.logs],
    ['events', TOPICS.events],
  ] as const) {
    for (const [partition, offset] of await committedOffsets(stack, 'postgres', topic)) {
      inPostgres.expectDelivered(kind, partition, offset)
    }
  }
  // Whatever is not there yet will come; but nothing that is there may be wrong, and nothing that is committed missing.
  expect({ loki: inLoki.findings, postgres: inPostgres.findings }).toEqual({ loki: {}, postgres: {} })
  await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
}
