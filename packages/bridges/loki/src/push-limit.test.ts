import { describe, expect, it } from 'vitest'
import { PushLimit } from './push-limit.ts'

/** Work that ends when it is told to. */
function work() {
  let end: (failure?: Error) => void = () => undefined
  const ended = new Promise<void>((resolve, reject) => (end = (failure) => (failure ? reject(failure) : resolve())))
  return { run: () => ended, end }
}

const overloaded = () => 'overloaded' as const
const refused = () => 'answered' as const

async function fill(limit: PushLimit, count: number) {
  const all = Array.from({ length: count }, () => {
    const own = work()
    const state = { started: false }
    const done = limit
      .run(() => {
        state.started = true
        return own.run()
      }, overloaded)
      .catch(() => undefined)
    return { ...own, state, done }
  })
  await Promise.resolve()
  return all
}

describe('PushLimit', () => {
  it('lets no more run than the limit, and the others in their order', async () => {
    const limit = new PushLimit({ least: 2, most: 2 })
    const all = await fill(limit, 4)
    const started = () => all.map(({ state }) => state.started)
    expect(started()).toEqual([true, true, false, false])
    all[1]?.end()
    await all[1]?.done
    await expect.poll(started).toEqual([true, true, true, false])
    for (const { end } of all) end()
    await Promise.all(all.map(({ done }) => done))
    expect(started()).toEqual([true, true, true, true])
  })

  it('rises while all places are taken and answers come, up to the most', async () => {
    const limit = new PushLimit({ least: 2, most: 8 })
    const before = limit.limit
    for (let round = 0; round < 200; round++) {
      const all = await fill(limit, limit.limit)
      for (const { end } of all) end()
      await Promise.all(all.map(({ done }) => done))
    }
    expect(before).toBeLessThan(8)
    expect(limit.limit).toBe(8)
  })

  it('does not rise while places are free: what was never tried is not known', async () => {
    const limit = new PushLimit({ least: 2, most: 8 })
    const before = limit.limit
    for (let round = 0; round < 200; round++) await limit.run(() => Promise.resolve(), overloaded)
    expect(limit.limit).toBe(before)
  })

  it('is halved once by pushes that fail together, and never falls below the least', async () => {
    const limit = new PushLimit({ least: 2, most: 64 })
    while (limit.limit < 16) {
      const all = await fill(limit, limit.limit)
      for (const { end } of all) end()
      await Promise.all(all.map(({ done }) => done))
    }
    const failing = async () => {
      const all = await fill(limit, limit.limit)
      for (const { end } of all) end(new Error('overloaded'))
      await Promise.all(all.map(({ done }) => done))
    }
    await failing()
    expect(limit.limit).toBe(8)
    for (let round = 0; round < 5; round++) await failing()
    expect(limit.limit).toBe(2)
  })

  it('is not lowered by what says nothing of the load', async () => {
    const limit = new PushLimit({ least: 1, most: 8 })
    const before = limit.limit
    await expect(limit.run(() => Promise.reject(new Error('refused')), refused)).rejects.toThrow('refused')
    expect(limit.limit).toBe(before)
  })
})
