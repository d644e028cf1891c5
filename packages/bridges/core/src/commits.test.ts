import { describe, expect, it } from 'vitest'
import { Committer } from './commits.ts'
import type { Acknowledged } from './commits.ts'

function acknowledged(partition: number, nextOffset: bigint, firstAppendedAt = 0): Acknowledged {
  return { topic: 't', partition, nextOffset, generation: 'g', firstAppendedAt }
}

/** Commits that are answered one by one by the test. */
function controlled() {
  const calls: { offsets: string[]; answer: (failure?: Error) => void }[] = []
  const committer = new Committer(
    (offsets) => {
      return new Promise<void>((resolve, reject) => {
        calls.push({
          offsets: offsets.map(({ partition, nextOffset }) => `${partition}:${nextOffset}`),
          answer: (failure) => (failure ? reject(failure) : resolve()),
        })
      })
    },
    () => undefined,
  )
  return { committer, calls }
}

describe('Committer', () => {
  it('commits at once, and what comes meanwhile together', async () => {
    const { committer, calls } = controlled()
    committer.acknowledge(acknowledged(0, 10n))
    committer.acknowledge(acknowledged(0, 20n))
    committer.acknowledge(acknowledged(1, 5n))
    committer.acknowledge(acknowledged(0, 30n))
    expect(calls.map((call) => call.offsets)).toEqual([['0:10']])
    calls[0]?.answer()
    await expect.poll(() => calls[1]?.offsets).toEqual(['0:30', '1:5'])
    calls[1]?.answer()
    await committer.settled()
  })

  it('repeats a failed commit with the newest offset', async () => {
    const { committer, calls } = controlled()
    committer.acknowledge(acknowledged(0, 10n))
    committer.acknowledge(acknowledged(0, 20n))
    calls[0]?.answer(new Error('coordinator away'))
    await expect.poll(() => calls[1]?.offsets).toEqual(['0:20'])
    calls[1]?.answer()
    await committer.settled()
  })

  it('knows since when records are stored that are not committed', async () => {
    const { committer, calls } = controlled()
    committer.acknowledge(acknowledged(0, 10n, 1_000))
    committer.acknowledge(acknowledged(0, 20n, 2_000))
    expect(committer.uncommittedSince({ topic: 't', partition: 0 })).toBe(1_000)
    calls[0]?.answer()
    await expect.poll(() => committer.uncommittedSince({ topic: 't', partition: 0 })).toBe(2_000)
    calls[1]?.answer()
    await committer.settled()
    expect(committer.uncommittedSince({ topic: 't', partition: 0 })).toBeUndefined()
  })

  it('knows it too where several were acknowledged while a commit was under way', async () => {
    const { committer, calls } = controlled()
    const since = () => committer.uncommittedSince({ topic: 't', partition: 0 })
    committer.acknowledge(acknowledged(0, 10n, 1_000))
    committer.acknowledge(acknowledged(0, 20n, 2_000))
    committer.acknowledge(acknowledged(0, 30n, 3_000))
    calls[0]?.answer()
    await expect.poll(() => calls[1]?.offsets).toEqual(['0:30'])
    expect(since()).toBe(2_000)
    // It fails, and another one comes meanwhile.
    committer.acknowledge(acknowledged(0, 40n, 4_000))
    calls[1]?.answer(new Error('coordinator away'))
    await expect.poll(() => calls[2]?.offsets).toEqual(['0:40'])
    expect(since()).toBe(2_000)
    committer.acknowledge(acknowledged(0, 50n, 5_000))
    calls[2]?.answer()
    await expect.poll(since).toBe(5_000)
    committer.close()
  })

  it('lets a partition wait for its own commits, and for no others', async () => {
    const { committer, calls } = controlled()
    committer.acknowledge(acknowledged(0, 10n))
    const own = committer.settledOf({ topic: 't', partition: 0 })
    committer.acknowledge(acknowledged(1, 5n))
    calls[0]?.answer()
    await own
    // That of the other partition is under way still.
    expect(calls.map((call) => call.offsets)).toEqual([['0:10'], ['1:5']])
    const other = committer.settledOf({ topic: 't', partition: 1 })
    committer.close()
    await other
  })

  it('forgets nothing that comes in the moment when a commit ends', async () => {
    for (let delay = 0; delay < 12; delay++) {
      const committed: bigint[] = []
      const committer = new Committer(
        (offsets) => {
          committed.push(...offsets.map(({ nextOffset }) => nextOffset))
          return Promise.resolve()
        },
        () => undefined,
      )
      committer.acknowledge(acknowledged(0, 1n))
      for (let turn = 0; turn < delay; turn++) await Promise.resolve()
      committer.acknowledge(acknowledged(0, 2n))
      await committer.settled()
      expect(committed.at(-1)).toBe(2n)
    }
  })

  it('sends nothing any more once it is closed', async () => {
    const { committer, calls } = controlled()
    committer.acknowledge(acknowledged(0, 10n))
    committer.acknowledge(acknowledged(0, 20n))
    committer.close()
    calls[0]?.answer(new Error('the group has moved on'))
    await committer.settled()
    committer.acknowledge(acknowledged(0, 30n))
    expect(calls).toHaveLength(1)
  })
})
