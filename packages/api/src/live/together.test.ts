import { expect, test } from 'vitest'
import { Together } from './together.ts'

const settings = { most: 3, gatherMs: 1, sideBySide: 2 }

test('what is asked at the same time is asked together, so many at a time, and each key once', async () => {
  const questions: string[][] = []
  const together = new Together<string>({
    ...settings,
    ask: async (keys) => {
      questions.push([...keys])
      return new Map(keys.filter((key) => key !== 'nobody').map((key) => [key, `about ${key}`]))
    },
  })
  const answers = await Promise.all(['a', 'b', 'a', 'nobody', 'c'].map((key) => together.ask(key)))
  expect(answers).toEqual(['about a', 'about b', 'about a', undefined, 'about c'])
  expect(questions).toEqual([
    ['a', 'b'],
    ['nobody', 'c'],
  ])
})

test('one question that takes long, or fails, holds up only those who wait for it', async () => {
  const begun: string[] = []
  const held: (() => void)[] = []
  const together = new Together<string>({
    ...settings,
    most: 1,
    ask: async ([key = '']) => {
      begun.push(key)
      if (key === 'slow') await new Promise<void>((resolve) => held.push(resolve))
      if (key === 'fails') throw new Error('The store is away.')
      return new Map([[key, key]])
    },
  })
  const slow = together.ask('slow')
  expect(await together.ask('fails')).toBeUndefined()
  expect(await Promise.all(['b', 'c'].map((key) => together.ask(key)))).toEqual(['b', 'c'])
  expect(begun).toEqual(['slow', 'fails', 'b', 'c'])
  for (const release of held) release()
  expect(await slow).toBe('slow')
})

test('only so many questions are under way at a time', async () => {
  const held: (() => void)[] = []
  const together = new Together<string>({
    ...settings,
    most: 1,
    ask: async ([key = '']) => {
      await new Promise<void>((resolve) => held.push(resolve))
      return new Map([[key, key]])
    },
  })
  const answers = ['a', 'b', 'c'].map((key) => together.ask(key))
  await expect.poll(() => held).toHaveLength(2)
  // Longer than questions are gathered for: the third one would have begun by now.
  const gathered = new Together<string>({ ...settings, gatherMs: 5, ask: () => Promise.resolve(new Map()) })
  await gathered.ask('later')
  expect(held).toHaveLength(2)
  held[0]?.()
  expect(await answers[0]).toBe('a')
  await expect.poll(() => held).toHaveLength(3)
  for (const release of held) release()
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c'])
})
