import { describe, expect, it } from 'vitest'
import { contains, formatRanges, insert, newIdentities, parseRanges } from './identities.ts'
import type { Ranges } from './identities.ts'

describe('ranges of sequence numbers', () => {
  it('read and write what int8multirange prints', () => {
    for (const text of ['{}', '{[1,101)}', '{[1,101),[200,201),[300,9007199254740992)}']) {
      expect(formatRanges(parseRanges(text))).toBe(text)
    }
  })

  it('grow, join and stay sorted, in whatever order the numbers come', () => {
    // A generator with a seed of its own, so that a failure can be repeated.
    let state = 12_345
    const random = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
    for (let round = 0; round < 50; round++) {
      const numbers = new Set<number>()
      const ranges: Ranges = []
      for (let i = 0; i < 200; i++) {
        const number = 1 + Math.floor(random() * 120)
        expect(contains(ranges, number)).toBe(numbers.has(number))
        if (!numbers.has(number)) insert(ranges, number)
        numbers.add(number)
      }
      const flat = ranges.flatMap(([from, until]) => Array.from({ length: until - from }, (_, i) => from + i))
      expect(flat).toEqual([...numbers].sort((a, b) => a - b))
      for (const [index, range] of ranges.entries()) expect(range[0]).toBeGreaterThan(ranges[index - 1]?.[1] ?? 0)
    }
  })
})

describe('newIdentities', () => {
  const item = (id: string, seq: number) => ({ producer: { id, seq } })
  const producerOf = (own: { producer?: { id: string; seq: number } }) => own.producer

  it('leaves out what is stored and what comes twice in the list', () => {
    const items = [item('a', 1), item('a', 2), item('b', 1), item('a', 2), item('a', 3)]
    const { fresh, added } = newIdentities(items, producerOf, new Map([['a', [[1, 2]] as Ranges]]))
    expect(fresh).toEqual([item('a', 2), item('b', 1), item('a', 3)])
    expect([...added]).toEqual([
      ['a', [[2, 4]]],
      ['b', [[1, 2]]],
    ])
  })

  it('keeps items without a producer, equal or not', () => {
    const foreign = {}
    expect(newIdentities([foreign, foreign], producerOf, new Map()).fresh).toHaveLength(2)
  })
})
