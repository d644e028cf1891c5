import { expect, test } from 'vitest'
import type { Schema } from './schema.ts'
import { pollLists } from './unified-polling.ts'
import type { UnifiedList } from './unified-polling.ts'

type Line = Schema<'UnifiedLog'>

const line = (type: Line['type'], number: number): Line => ({
  ...{ type, timestamp: new Date(number).toISOString(), level: 'info', stream: 'stdout', message: String(number) },
})

/** A list that goes forward by its cursor; `fail`: how often it cannot be read before. */
function list(lines: readonly Line[], fail = 0): UnifiedList {
  return async ({ cursor = '0', limit = 100 }) => {
    if (fail-- > 0) throw new Error('It does not answer')
    if (cursor === 'end') return { limit, offset: 0, logs: [], has_more: false, next_cursor: String(lines.length) }
    const [from, to] = [Number(cursor), Math.min(lines.length, Number(cursor) + limit)]
    return { limit, offset: 0, logs: lines.slice(from, to), has_more: to < lines.length, next_cursor: String(to) }
  }
}

test('when one list cannot be read, nothing of the others is lost', async () => {
  const jobs = Array.from({ length: 5 }, (_, index) => line('job', 2 * index))
  const tasks = Array.from({ length: 5 }, (_, index) => line('task', 2 * index + 1))
  const source = pollLists([list(jobs), list(tasks, 2)])
  await source.begin?.('start')
  const seen: string[] = []
  let failures = 0
  for (let more = true; more;) {
    try {
      const page = await source.lines({ limit: 2, direction: 'forward' })
      seen.push(...page.lines.map((own) => (own as Line).message))
      more = page.hasMore
    } catch {
      failures++
    }
  }
  expect(failures).toBe(2)
  expect(seen).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
})

test('it begins behind the last line that was there, also when the first page has to be asked for again', async () => {
  const lines = [line('job', 1), line('job', 2)]
  const source = pollLists([list(lines)])
  await source.begin?.('end')
  lines.push(line('job', 3))
  await source.begin?.('end')
  const page = await source.lines({ limit: 10, direction: 'forward' })
  expect(page.lines.map((own) => (own as Line).message)).toEqual(['3'])
})
