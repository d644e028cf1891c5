// What the records that wait for a store hold in memory, as the process itself counts it.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import lz4 from 'lz4-napi'
import { compressSync as snappy } from 'snappy'
import { describe, expect, it } from 'vitest'
import { recordBytes } from './memory.ts'
import { recordBatch, zstd } from './record-batch.fixture.ts'
import { readRecordBatches } from './record-batches.ts'
import type { BusRecord } from './sink.ts'

const MIB = 1024 * 1024
const LIMITS = { bytes: 4 * MIB, recordBytes: 16 * MIB, batchBytes: 256 * MIB }

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const CODECS = [
  ['none', 0, undefined],
  ['gzip', 1, gzipSync],
  ['snappy', 2, (plain: Buffer) => snappy(plain)],
  ['lz4', 3, (plain: Buffer) => lz4.compressFrameSync(plain)],
  ['zstd', 4, zstd],
] as const

/** Bytes outside the heap: ArrayBuffers, and what native code has given us. */
function outside(): number {
  collectGarbage()
  const { arrayBuffers, external } = process.memoryUsage()
  return Math.max(arrayBuffers, external)
}

const counted = (records: readonly BusRecord[]) => records.reduce((sum, record) => sum + recordBytes(record), 0)

async function expectWithinTwiceWhatIsCounted(read: () => Promise<BusRecord[]>): Promise<void> {
  const before = outside()
  const records = await read()
  await expect.poll(() => (outside() - before) / counted(records)).toBeLessThan(2)
  // Still held.
  expect(records.at(-1)?.value?.toString()).toContain('x')
}

describe('the memory of records that wait', () => {
  it.each(CODECS)('is what is counted for them, in 48,000 batches of one record: %s', async (_, codec, compress) => {
    const settings = { attributes: 8 | codec, ...(compress ? { compress } : {}) }
    const batches = Array.from({ length: 480 }, (_, base) => {
      return recordBatch([{ key: 'k', value: `${base} `.padEnd(400, 'x') }], { base, ...settings })
    })
    await expectWithinTwiceWhatIsCounted(async () => {
      const held: BusRecord[] = []
      for (let fetches = 0; fetches < 100; fetches++) {
        const bytes = Buffer.concat(batches)
        const found = await readRecordBatches({ bytes, from: 0n, aborted: [], header: undefined, limits: LIMITS })
        held.push(...found.records)
      }
      expect(held).toHaveLength(48_000)
      return held
    })
  })

  it.each(CODECS)(
    'is what is counted for them, where little of a large batch is taken: %s',
    async (_, codec, compress) => {
      const own = Array.from({ length: 3_000 }, (_, index) => ({
        value: `${index} `.padEnd(400, 'x'),
        headers: [['h', `${index} `.padEnd(200, 'y')]] as const,
      }))
      const batch = recordBatch(own, { attributes: 8 | codec, ...(compress ? { compress } : {}) })
      await expectWithinTwiceWhatIsCounted(async () => {
        const held: BusRecord[] = []
        for (let fetches = 0; fetches < 100; fetches++) {
          // Of its own memory, as each answer is.
          const bytes = Buffer.from(batch)
          const limits = { ...LIMITS, bytes: 8 * 1024 }
          const found = await readRecordBatches({ bytes, from: 2_900n, aborted: [], header: 'h', limits })
          held.push(...found.records)
        }
        expect(held.at(-1)?.origin?.toString()).toContain('y')
        return held
      })
    },
  )
})
