// Clients that know nothing of us: another partitioner, every compression, no identity.

import { describe, expect, it } from 'vitest'
import { TOPICS } from '@runlight/contracts/topics'
import { produceAllWithJava } from '../fixtures/java-producer.ts'
import type { JavaCompression } from '../fixtures/java-producer.ts'
import { produceWithKcat } from '../fixtures/kcat.ts'
import { untilDelivered } from './delivery-stack.ts'
import type { DeliveryStack } from './delivery-stack.ts'
import { linesInLoki, runLines } from './run-records.ts'

const CODECS: readonly JavaCompression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const LINES = 300

export function foreignProducers(stackOf: () => DeliveryStack): void {
  describe('records without an identity', () => {
    it.each([
      [
        'the Java client',
        async ({ kafka }: DeliveryStack) => {
          const records = CODECS.flatMap((compression) =>
            values(`java-${compression}`).map((record) => ({ ...record, compression })),
          )
          await produceAllWithJava(kafka.brokers, TOPICS.logs, records)
        },
        'java',
      ],
      [
        'kcat',
        async ({ kafka }: DeliveryStack) => {
          for (const codec of CODECS) await produceWithKcat(kafka.brokers, TOPICS.logs, codec, values(`kcat-${codec}`))
        },
        'kcat',
      ],
    ])('of %s, in every compression, are stored once and known by where they lie', async (_, produce, name) => {
      const stack = stackOf()
      await produce(stack)
      await untilDelivered(stack)
      for (const codec of CODECS) await expectStoredOnce(stack, `${name}-${codec}`)
    })
  })
}

function values(runId: string): { key: string; value: string }[] {
  return runLines(runId, LINES).map((line) => ({ key: runId, value: JSON.stringify({ ...line, producer: undefined }) }))
}

async function expectStoredOnce(stack: DeliveryStack, runId: string): Promise<void> {
  const expected = runLines(runId, LINES).map(({ message }) => message)
  const rows = await stack.sql<{ message: string; identity: string; place: string }[]>`
    select message, producer_id || '#' || producer_seq as identity, kafka_partition || ':' || kafka_offset as place,
      producer_id like 'foreign:%/telemetry.logs/' || kafka_partition and producer_seq = kafka_offset + 1 as by_place
    from logs where job_run_id = ${runId} order by kafka_partition, kafka_offset`
  expect(rows.map(({ message }) => message)).toEqual(expected)
  expect(rows.every((row) => (row as { by_place?: boolean }).by_place)).toBe(true)
  expect(new Set(rows.map(({ identity }) => identity)).size).toBe(LINES)
  const lines = await linesInLoki(stack, runId)
  expect(lines.map(({ line }) => (JSON.parse(line) as { message: string }).message)).toEqual(expected)
  expect(lines.map(({ structuredMetadata }) => structuredMetadata['position'])).toEqual(rows.map(({ place }) => place))
  for (const { structuredMetadata } of lines) {
    expect(structuredMetadata).toMatchObject({ generation: expect.any(String) as string })
    expect(structuredMetadata).not.toHaveProperty('producer')
  }
}
