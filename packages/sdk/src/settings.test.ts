import { RunlightError } from '@runlight/contracts/errors'
import { expect, test } from 'vitest'
import { completeSettings, sameSettings } from './settings.ts'

const brokers = ['a:9092', 'b:9092']

test.each([
  [{ brokers: [] }, 'brokers must name'],
  [{ brokers, queueBytes: 0 }, 'queueBytes must be above 0'],
  [{ brokers, batchBytes: Number.NaN }, 'batchBytes must be above 0'],
  [{ brokers, compression: 'zstd' as const }, 'compression zstd needs its codec registered'],
])('%j is refused', (settings, message) => {
  expect(() => completeSettings(settings)).toThrow(RunlightError)
  expect(() => completeSettings(settings)).toThrow(message)
})

test('equal settings may share a connection, whatever the order of the brokers', () => {
  const onDrop = (): void => undefined
  const settings = completeSettings({ brokers, onDrop })
  expect(sameSettings(settings, completeSettings({ brokers: ['b:9092', 'a:9092'], onDrop }))).toBe(true)
  expect(sameSettings(settings, completeSettings({ brokers, onDrop, batchAgeMs: 51 }))).toBe(false)
  expect(sameSettings(settings, completeSettings({ brokers, onDrop: () => undefined }))).toBe(false)
  expect(sameSettings(settings, completeSettings({ brokers, onDrop, ssl: true }))).toBe(false)
})
