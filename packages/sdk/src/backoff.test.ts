import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

test('the bound doubles up to the largest wait; below it any wait may come', () => {
  const bounds = Array.from({ length: 8 }, (_, i) => backoffMs(i + 1, 5_000, () => 1))
  expect(bounds).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000])
  expect(backoffMs(5_000, 5_000, () => 1)).toBe(5_000)
  expect(backoffMs(3, 5_000, () => 0)).toBe(0)
  const waits = Array.from({ length: 100 }, () => backoffMs(4, 5_000))
  expect(new Set(waits).size).toBeGreaterThan(90)
  expect(Math.max(...waits)).toBeLessThan(1600)
})
