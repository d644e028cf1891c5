import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareKeys } from '../cursor/keys.ts'
import type { StoredLine } from '../store/log-lines.ts'
import { BORDER_NS, floor } from './borders.ts'
import { Nearest } from './nearest.ts'

const line = (effectiveNs: bigint, partition: number, offset: number): StoredLine => ({
  key: { effectiveNs, partition, offset: BigInt(offset) },
  fields: {
    ...{ orgId: String(partition), type: 'job', execution: 1, nodeRef: undefined, attempt: undefined },
    ...{ component: undefined, level: 'info', stream: 'stdout' },
  },
  message: '',
  ...{ timestampNs: effectiveNs, identity: `${partition}/${offset}`, json: '"0123456789"' },
})

/** Times of the lines of some organisations, within some milliseconds. */
const organisations = fc.array(fc.array(fc.bigInt({ min: 0n, max: 8n * BORDER_NS }), { maxLength: 30 }), {
  minLength: 1,
  maxLength: 12,
})

test('of the lines of many, those before the border are all there are, and few more are held than are wanted', () => {
  fc.assert(
    fc.property(organisations, fc.boolean(), fc.integer({ min: 1, max: 60 }), (orgs, forward, count) => {
      const all = orgs.map((times, org) => times.map((nanos, index) => line(nanos, org, index)))
      const bytes = 12 * Math.ceil(count / 2)
      const nearest = new Nearest({ forward, lines: count, bytes })
      const isBefore = (nanos: bigint) =>
        nearest.border === undefined || (forward ? nanos < nearest.border : nanos >= nearest.border)
      for (const own of all) {
        nearest.add(
          own.filter(({ key }) => isBefore(key.effectiveNs)),
          undefined,
        )
        const moments = new Set(nearest.lines.map(({ key }) => floor(key.effectiveNs)))
        if (moments.size > 1) expect(nearest.lines.length * 12).toBeLessThanOrEqual(bytes)
      }
      const sorted = (lines: readonly StoredLine[]) => lines.toSorted((a, b) => compareKeys(a.key, b.key))
      const expected = all.flat().filter(({ key }) => isBefore(key.effectiveNs))
      expect(sorted(nearest.lines)).toEqual(sorted(expected))
      if (all.flat().length > 0) expect(nearest.lines.length).toBeGreaterThan(0)
    }),
  )
})
