import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { Place } from './place.ts'
import { Ring } from './ring.ts'

const MIB = 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('what has left the ring takes no memory, however large it was', async () => {
  const bytes = MIB / 4
  const place = (events: bigint): Place => ({
    vector: { generation: 'g', partitions: [], otherwise: { nextOffset: 0n, sinceMs: 0 } },
    events,
  })
  const ring = new Ring<{ kind: 'trace'; sequence: bigint; bytes: number; body: Uint8Array }>(place(0n), { bytes: MIB })
  collectGarbage()
  const before = process.memoryUsage().arrayBuffers
  for (let sequence = 1n; sequence <= 500n; sequence++) {
    ring.push([{ kind: 'trace', sequence, bytes, body: new Uint8Array(bytes) }], place(sequence))
  }
  // Some are given back a little later.
  const kept = () => {
    collectGarbage()
    return process.memoryUsage().arrayBuffers - before
  }
  await expect.poll(kept, { timeout: 20_000 }).toBeLessThan(16 * MIB)
  expect(ring.at(ring.next - 1).item.sequence).toBe(500n)
  expect(ring.next - ring.first).toBe(4)
})
