import { expect, test } from 'vitest'
import { Slots } from './slots.ts'

/** A job that ends when it is told to. */
function job() {
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  return { ended, end }
}

test('no more than the slots run at once, and the heaviest that waits goes first', async () => {
  const slots = new Slots(1)
  const first = job()
  const order: string[] = []
  const jobs = [
    slots.run(1, async () => {
      order.push('first')
      await first.ended
    }),
    slots.run(2, async () => void order.push('light')),
    slots.run(9, async () => void order.push('heavy')),
  ]
  expect(order).toEqual([])
  first.end()
  await Promise.all(jobs)
  expect(order).toEqual(['first', 'heavy', 'light'])
})

test('a failed job gives its slot back', async () => {
  const slots = new Slots(1)
  await expect(slots.run(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await slots.run(1, async () => 'next')).toBe('next')
})

test('who gives up waiting takes no slot', async () => {
  const slots = new Slots(1)
  const first = job()
  const running = slots.run(1, () => first.ended)
  const controller = new AbortController()
  const waiting = slots.run(1, async () => 'never', { signal: controller.signal })
  controller.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
  first.end()
  await running
  expect(await slots.run(1, async () => 'next')).toBe('next')
})
