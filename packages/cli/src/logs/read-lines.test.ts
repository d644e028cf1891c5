import type { StoredLog } from '@runlight/contracts/api'
import type { LogQuery } from '@runlight/sdk/client/api-client'
import { expect, test } from 'vitest'
import { readLines } from './read-lines.ts'
import type { LinePage } from './target.ts'

const line = (message: string) => ({ message }) as StoredLog

/** Pages of two lines each; what is undefined cannot be read. */
function listOf(pages: readonly (readonly [string, string] | undefined)[]) {
  const asked: number[] = []
  const limits: (number | undefined)[] = []
  const read = async ({ cursor = '0', limit }: LogQuery): Promise<LinePage> => {
    const number = Number(cursor)
    asked.push(number)
    limits.push(limit)
    const logs = pages[number]
    if (!logs) throw new Error(`Page ${number} cannot be read.`)
    return { logs: logs.map(line), hasMore: number + 1 < pages.length, nextCursor: String(number + 1) }
  }
  const follow = () => {
    throw new Error('Nothing is followed here.')
  }
  const { signal } = new AbortController()
  const lines = (last?: number, exclude: RegExp[] = []) =>
    readLines({ read, follow }, { filters: {}, exclude, lines: last, signal })
  return { asked, limits, lines }
}

test('a page is read while the lines of the one before are taken, and no more than one', async () => {
  const { asked, lines } = listOf([
    ['a', 'b'],
    ['c', 'd'],
    ['e', 'f'],
  ])
  const seen: [string, number][] = []
  for await (const { message } of lines()) seen.push([message, asked.length])
  expect(seen).toEqual([
    ['a', 2],
    ['b', 2],
    ['c', 3],
    ['d', 3],
    ['e', 3],
    ['f', 3],
  ])
  expect(asked).toEqual([0, 1, 2])
})

test('what was read before a page that fails is given first', async () => {
  const seen: string[] = []
  const reading = (async () => {
    for await (const { message } of listOf([['a', 'b'], undefined]).lines()) seen.push(message)
  })()
  await expect(reading).rejects.toThrow('Page 1 cannot be read.')
  expect(seen).toEqual(['a', 'b'])
})

test('who stops early hears nothing of a page that fails', async () => {
  for await (const { message } of listOf([['a', 'b'], undefined]).lines()) {
    expect(message).toBe('a')
    break
  }
})

test('the last lines are asked for page by page', async () => {
  const { asked, limits, lines } = listOf([
    ['d', 'c'],
    ['b', 'a'],
  ])
  const seen: string[] = []
  for await (const { message } of lines(2)) seen.push(message)
  expect([seen, asked, limits]).toEqual([['c', 'd'], [0], [2]])
})

test('where some are left out, as many are read at a time as can be: few may be left of them', async () => {
  const { limits, lines } = listOf([
    ['noise', 'd'],
    ['noise', 'b'],
    ['noise', 'a'],
  ])
  const seen: string[] = []
  for await (const { message } of lines(2, [/noise/])) seen.push(message)
  expect([seen, limits]).toEqual([
    ['b', 'd'],
    [1_000, 1_000],
  ])
})
