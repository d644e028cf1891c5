import { describe, expect, it } from 'vitest'
import { startPosition } from './start-position.ts'

const partition = { topic: 't', partition: 0, generation: 'g2', low: 100n, high: 200n }

describe('startPosition', () => {
  it('begins with the first record that the bus has where nothing is known', () => {
    expect(startPosition(partition, undefined, undefined)).toEqual({ start: 100n, overtaken: 0n, stale: false })
  })

  it("goes on at the store's own position rather than at the group's", () => {
    const committed = { offset: 180n, generation: 'g2' }
    expect(startPosition(partition, 150n, committed).start).toBe(150n)
    expect(startPosition(partition, undefined, committed).start).toBe(180n)
  })

  it('goes on at the end when everything is stored', () => {
    expect(startPosition(partition, 200n, undefined)).toEqual({ start: 200n, overtaken: 0n, stale: false })
  })

  it('counts exactly what retention has taken', () => {
    expect(startPosition(partition, 60n, undefined)).toEqual({ start: 100n, overtaken: 40n, stale: false })
    expect(startPosition({ ...partition, low: 200n }, 60n, undefined).overtaken).toBe(140n)
  })

  it('begins anew when the committed offset belongs to an older life of the topic', () => {
    const committed = { offset: 5_000n, generation: 'g1' }
    expect(startPosition(partition, undefined, committed)).toEqual({ start: 100n, overtaken: 0n, stale: true })
  })

  it('takes an offset that somebody else has set, without a generation', () => {
    expect(startPosition(partition, undefined, { offset: 120n, generation: '' }).start).toBe(120n)
  })

  it('refuses to go on where the log ends below what is stored', () => {
    expect(() => startPosition(partition, 201n, undefined)).toThrow(/ends at offset 200.*up to offset 201/)
    expect(() => startPosition(partition, undefined, { offset: 201n, generation: 'g2' })).toThrow(/ends at offset 200/)
  })
})
