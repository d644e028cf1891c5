import { expect, test } from 'vitest'
import type { LogKey } from '../cursor/cursors.ts'
import type { Grep, LinePage, PageLimits, StoredLine } from '../store/log-lines.ts'
import { compileGrep } from './grep.ts'
import { PAGE_STEPS, SLICE_STEPS, searchLines } from './search.ts'

const LIMITS: PageLimits = { lines: 100, bytes: 1_000_000, scan: 100_000 }

function line(offset: number, message: string): StoredLine {
  return {
    key: { effectiveNs: BigInt(offset), partition: 0, offset: BigInt(offset) },
    fields: {
      ...{ orgId: 'unassigned', type: 'job' as const, execution: 1, nodeRef: undefined, attempt: undefined },
      ...{ component: undefined, level: 'info', stream: 'stdout' },
    },
    message,
    timestampNs: 0n,
    identity: String(offset),
    json: '{}',
  }
}

/** A store of so many lines, read as the real one is. */
function store(count: number, messageOf: (index: number) => string) {
  return (after: LogKey | undefined, { lines, bytes }: PageLimits): Promise<LinePage> => {
    const page: StoredLine[] = []
    let size = 0
    for (let at = after ? Number(after.offset) + 1 : 0; at < count && page.length < lines && size < bytes; at++) {
      page.push(line(at, messageOf(at)))
      size += messageOf(at).length
    }
    const last = page.at(-1)
    return Promise.resolve({ lines: page, goOn: last && Number(last.key.offset) < count - 1 ? last.key : undefined })
  }
}

/** Counts the steps of all searches between two rounds of the event loop. */
function watchLoop() {
  let [since, most, rounds, stopped] = [0, 0, 0, false]
  const round = () => {
    rounds++
    since = 0
    if (!stopped) setImmediate(round)
  }
  setImmediate(round)
  return {
    watched: (text: string): Grep => {
      const compiled = compileGrep(text) as Grep
      const find = (message: string) => {
        since += compiled.steps(message)
        most = Math.max(most, since)
        return compiled(message)
      }
      return Object.assign(find, { steps: compiled.steps })
    },
    stop: () => {
      stopped = true
      return { most, rounds }
    },
  }
}

const LONG = 'ab'.repeat(20_000)
/** Large, and at each character in more states than can be remembered. */
const HEAVY = '(?s)a.{240}$'

test('heavy searches let the event loop go round after each slice, whosever it is', async () => {
  const loop = watchLoop()
  const searches = [HEAVY, '(?i)(a|b|ab){40}c', 'b{100}'].map((text) => loop.watched(text))
  await Promise.all(
    searches.map((grep) =>
      searchLines(
        grep,
        LIMITS,
        undefined,
        store(40, () => LONG),
      ),
    ),
  )
  const { most, rounds } = loop.stop()
  // A slice ends before the line with which it would be too large, and one line alone may be twice as large.
  expect(most).toBeLessThanOrEqual(2 * SLICE_STEPS)
  expect(rounds).toBeGreaterThan(60)
})

test('one line costs no more than two slices', () => {
  for (const text of [HEAVY, 'a', '(?i)error', 'b{200}c']) {
    expect(compileGrep(text)?.steps('x'.repeat(10_000_000))).toBeLessThanOrEqual(2 * SLICE_STEPS)
  }
})

test('a search that has done its work gives what it has found, and where to go on', async () => {
  const read = store(20_000, (index) => (index === 15_000 ? 'needle' : 'hay '.repeat(250)))
  const grep = compileGrep('(?i)need(l|L)e') as Grep
  let found: StoredLine[] = []
  let pages = 0
  for (let after: LogKey | undefined; ; pages++) {
    const page = await searchLines(grep, LIMITS, after, read)
    found = [...found, ...page.lines]
    if (!page.goOn) break
    expect(page.goOn).not.toEqual(after)
    after = page.goOn
  }
  expect(found.map(({ key }) => key.offset)).toEqual([15_000n])
  expect(pages).toBeGreaterThan(2)
})

test('a page costs no more than its bound', async () => {
  const grep = compileGrep(HEAVY) as Grep
  let steps = 0
  const counting: Grep = Object.assign((message: string) => ((steps += grep.steps(message)), false), {
    steps: grep.steps,
  })
  const page = await searchLines(
    counting,
    LIMITS,
    undefined,
    store(1_000, () => LONG),
  )
  expect(page.lines).toEqual([])
  expect(page.goOn).toBeDefined()
  expect(steps).toBeLessThan(PAGE_STEPS + 2 * SLICE_STEPS)
})
