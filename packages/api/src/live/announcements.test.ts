import { performance } from 'node:perf_hooks'
import { createLog } from '@runlight/service/log'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Announcements } from './announcements.ts'

let now: number
let renewed: number
let announce: () => void
let announcements: Announcements

beforeEach(() => {
  now = 0
  renewed = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  announcements = new Announcements({
    listen: ({ wake }) => {
      announce = wake
      return { isListening: true, renew: () => void renewed++, close: () => Promise.resolve() }
    },
    wake: () => undefined,
    changed: () => undefined,
    log: createLog({ component: 'api', instance: '0', level: 'error' }),
  })
})
afterEach(() => void vi.restoreAllMocks())

/** A look at the store every second, which finds this stored. */
function look(...stored: string[]): void {
  for (const found of stored) {
    announcements.looked(found)
    now += 1_000
  }
}

test('what is stored for seconds without an announcement renews the connection', () => {
  look('1', '2', '3', '4', '5', '6', '7')
  expect(renewed).toBe(1)
})

test('looks at a quiet store renew nothing, whoever they are made for', () => {
  look('1')
  announce()
  look(...Array.from({ length: 20 }, () => '1'))
  expect(renewed).toBe(0)
})

test('announcements that come after the look that found their news are heard', () => {
  for (let stored = 0; stored < 20; stored++) {
    look(String(stored))
    announce()
  }
  expect(renewed).toBe(0)
})
