import { gzipSync } from 'node:zlib'
import lz4 from 'lz4-napi'
import { compressSync as snappy } from 'snappy'
import { describe, expect, it } from 'vitest'
import { recordBatch, zstd } from './record-batch.fixture.ts'
import type { BatchRecord } from './record-batch.fixture.ts'
import { readRecordBatches } from './record-batches.ts'
import type { FetchedPartition } from './record-batches.ts'

const MIB = 1024 * 1024
const LIMITS = { bytes: 4 * MIB, recordBytes: 16 * MIB, batchBytes: 256 * MIB }

const read = (bytes: Buffer, settings: Partial<Omit<FetchedPartition, 'bytes'>> = {}) =>
  readRecordBatches({ bytes, from: 0n, aborted: [], header: undefined, limits: LIMITS, ...settings })

const values = (count: number, length = 400): BatchRecord[] =>
  Array.from({ length: count }, (_, index) => ({ key: 'k', value: `${index} `.padEnd(length, 'x') }))
const textsOf = (records: readonly { value: Buffer | null }[]) => records.map(({ value }) => value?.toString())

function xerial(plain: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])]
  for (let at = 0; at < plain.length; at += 32 * 1024) {
    const block = snappy(plain.subarray(at, at + 32 * 1024))
    const size = Buffer.alloc(4)
    size.writeInt32BE(block.length)
    parts.push(size, block)
  }
  return Buffer.concat(parts)
}

const CODECS = [
  ['none', 0, undefined],
  ['gzip', 1, gzipSync],
  ['snappy in one block', 2, (plain: Buffer) => snappy(plain)],
  ["snappy in Java's blocks", 2, xerial],
  ['lz4', 3, (plain: Buffer) => lz4.compressFrameSync(plain)],
  [
    'lz4 with checksums',
    3,
    (plain: Buffer) => lz4.compressFrameSync(plain, { blockChecksums: true, contentChecksum: true }),
  ],
  ['zstd', 4, zstd],
] as const

describe('readRecordBatches', () => {
  it.each(CODECS)('reads all of several batches: %s', async (_, codec, compress) => {
    const own = values(3_000)
    const settings = { attributes: 8 | codec, ...(compress ? { compress } : {}) }
    const bytes = Buffer.concat(
      [0, 1_000, 2_000].map((base) => recordBatch(own.slice(base, base + 1_000), { ...settings, base })),
    )
    const { records, nextOffset } = await read(bytes, { from: 500n })
    expect(nextOffset).toBe(3_000n)
    expect(textsOf(records)).toEqual(own.slice(500).map(({ value }) => value))
    expect(records[0]).toMatchObject({ offset: 500n, appendedAt: 2_000, key: Buffer.from('k') })
  })

  it.each(CODECS)(
    'brings no more into memory than asked for, whatever it was compressed to: %s',
    async (_, codec, compress) => {
      const own = values(2_000)
      const bytes = recordBatch(own, { attributes: 8 | codec, ...(compress ? { compress } : {}) })
      const found: (string | undefined)[] = []
      let from = 0n
      for (let fetches = 0; from < 2_000n && fetches < 100; fetches++) {
        const { records, nextOffset } = await read(bytes, { from, limits: { ...LIMITS, bytes: 64 * 1024 } })
        expect(records.length).toBeLessThan(120)
        found.push(...textsOf(records))
        from = nextOffset
      }
      expect(found).toEqual(own.map(({ value }) => value))
    },
  )

  it('reads nulls, own times, gaps that compaction left, and the header that is asked for', async () => {
    const records: BatchRecord[] = [
      { value: null, delta: 3 },
      {
        value: '',
        delta: 5,
        headers: [
          ['h', 'first'],
          ['other', 'x'],
          ['h', 'last'],
        ],
      },
    ]
    const bytes = Buffer.concat([
      recordBatch(records, { attributes: 0, base: 10 }),
      recordBatch(values(1), { base: 20 }),
    ])
    const found = await read(bytes, { from: 10n, header: 'h' })
    expect(found.records.slice(0, 2)).toEqual([
      { offset: 13n, appendedAt: 1_000, key: null, value: null, origin: null },
      { offset: 15n, appendedAt: 1_001, key: null, value: Buffer.alloc(0), origin: Buffer.from('last') },
    ])
    expect(found.nextOffset).toBe(21n)
  })

  it('takes a batch of more records than an argument list may have', async () => {
    const bytes = recordBatch(values(200_000, 8), { attributes: 9, compress: gzipSync })
    const { records, nextOffset } = await read(bytes, { limits: { ...LIMITS, bytes: 1024 * MIB } })
    expect([records.length, nextOffset]).toEqual([200_000, 200_000n])
  })

  it('gives a record that is too large as one that says so, and reads what is around it', async () => {
    const huge = Buffer.alloc(3 * MIB, 'x')
    const own = [{ value: 'before' }, { value: huge }, { value: 'after' }]
    for (const compress of [undefined, zstd, gzipSync]) {
      const codec = compress === zstd ? 4 : compress ? 1 : 0
      const bytes = recordBatch(own, { attributes: 8 | codec, ...(compress ? { compress } : {}) })
      const { records, nextOffset } = await read(bytes, { limits: { ...LIMITS, recordBytes: 2 * MIB } })
      expect(nextOffset).toBe(3n)
      expect(textsOf(records)).toEqual(['before', undefined, 'after'])
      expect(records[1]).toMatchObject({
        offset: 1n,
        unreadable: {
          reason: 'too_large',
          detail: expect.stringMatching(/^The record has 31457\d\d bytes\.$/) as string,
        },
      })
    }
  })

  it('gives what lies too far behind as one record that stands for all of it', async () => {
    const own = [{ value: 'before' }, ...Array.from({ length: 40 }, () => ({ value: Buffer.alloc(MIB, 'x') }))]
    const bytes = Buffer.concat([
      recordBatch(own, { attributes: 12, compress: zstd }),
      recordBatch(values(1), { base: 41 }),
    ])
    const limits = { ...LIMITS, bytes: 64 * MIB, batchBytes: 8 * MIB }
    const { records, nextOffset } = await read(bytes, { limits })
    const [unreadable, next] = records.slice(-2)
    expect(unreadable).toMatchObject({ unreadable: { reason: 'too_large', last: 40n } })
    expect(unreadable?.offset).toBe(BigInt(records.length - 2))
    expect([next?.offset, nextOffset]).toEqual([41n, 42n])
  })

  it.each([
    ['broken compression', { attributes: 9, compress: (plain: Buffer) => gzipSync(plain).subarray(0, 40) }],
    ['an unknown codec', { attributes: 15, compress: (plain: Buffer) => plain }],
    ['bytes of another codec', { attributes: 12, compress: gzipSync }],
  ])('goes on behind a batch that cannot be read: %s', async (_, settings) => {
    const bytes = Buffer.concat([recordBatch(values(9), settings), recordBatch(values(1), { base: 9 })])
    const { records, nextOffset } = await read(bytes, { from: 3n })
    expect(records).toMatchObject([{ offset: 3n, unreadable: { reason: 'encoding', last: 8n } }, { offset: 9n }])
    expect(nextOffset).toBe(10n)
  })

  it('leaves out what was aborted, and nothing of what the same producer committed', async () => {
    const control = (base: number, type: number) => {
      const key = Buffer.alloc(4)
      key.writeInt16BE(type, 2)
      return recordBatch([{ key: key.toString('latin1'), value: '' }], { base, attributes: 8 | 16 | 32, producerId: 7 })
    }
    const inTransaction = (base: number) => recordBatch([{ value: `${base}` }], { base, attributes: 24, producerId: 7 })
    const batches = [
      inTransaction(0),
      control(1, 0),
      inTransaction(2),
      control(3, 1),
      recordBatch([{ value: '4' }], { base: 4 }),
    ]
    const aborted = [{ producerId: 7n, firstOffset: 0n }]
    const all = await read(Buffer.concat(batches), { aborted })
    expect([textsOf(all.records), all.nextOffset]).toEqual([['2', '4'], 5n])
    // The fetch begins behind the data of the transaction that was aborted.
    const rest = await read(Buffer.concat(batches.slice(1)), { aborted, from: 1n })
    expect(textsOf(rest.records)).toEqual(['2', '4'])
    const open = await read(Buffer.concat(batches.slice(0, 2)), { aborted })
    expect([open.records, open.nextOffset]).toEqual([[], 2n])
  })

  it('leaves the batch that the answer has cut off for the next fetch', async () => {
    const bytes = Buffer.concat([recordBatch(values(2)), recordBatch(values(2), { base: 2 }).subarray(0, 100)])
    expect((await read(bytes)).nextOffset).toBe(2n)
  })

  it('says of a record in the format from before Kafka 0.11 that it has it', async () => {
    const old = recordBatch(values(1))
    old.writeInt8(1, 16)
    const { records } = await read(Buffer.concat([old, recordBatch(values(1), { base: 1 })]))
    expect(records).toMatchObject([{ offset: 0n, unreadable: { reason: 'encoding' } }, { offset: 1n }])
  })
})
