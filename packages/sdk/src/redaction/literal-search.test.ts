import { expect, test } from 'vitest'
import { LiteralSearch } from './literal-search.ts'

/** A small generator, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % below
  }
}

test('finds what a plain search finds, whatever the case, wherever it stands', () => {
  const next = random(7)
  const alphabet = 'abAB-_'
  const word = (length: number): string =>
    Array.from({ length }, () => alphabet[next(alphabet.length)] as string).join('')
  // `_` and DEL are one to the search, so that only what the alphabet can hold is compared.
  for (let round = 0; round < 3_000; round++) {
    const literals = Array.from({ length: 1 + next(4) }, () => word(2 + next(4)).toLowerCase())
    const text = word(next(24))
    const expected = literals.some((literal) => text.toLowerCase().includes(literal))
    expect(new LiteralSearch(literals).mayHold(text), `${literals.join()} in ${text}`).toBe(expected)
  }
})

test('without literals nothing is found', () => {
  expect(new LiteralSearch([]).mayHold('anything')).toBe(false)
})
