import { expect, test } from 'vitest'
import { Feed } from './feed.ts'
import { View } from './selection.ts'
import { Views } from './views.ts'

const feedOf = (runId: string) =>
  new Feed(
    { kind: 'run', runId },
    { vector: { generation: '', partitions: [], otherwise: { nextOffset: 0n, sinceMs: 0 } }, events: 0n },
    { bytes: 1_000 },
  )
const make = () =>
  new View({
    list: [],
    bounds: { since: undefined, until: undefined },
    matches: () => true,
    lines: true,
    events: true,
    show: ({ json }) => json,
  })

test('readers who want the same share a view, which goes with the last of them while others follow the same feed', () => {
  const views = new Views()
  const feed = feedOf('run-1')
  const other = views.take(feed, 'other', make)
  const [one, two] = [views.take(feed, 'same', make), views.take(feed, 'same', make)]
  expect(two.view).toBe(one.view)
  expect(other.view).not.toBe(one.view)
  expect(views.take(feedOf('run-2'), 'same', make).view).not.toBe(one.view)
  one.release()
  const three = views.take(feed, 'same', make)
  expect(three.view).toBe(one.view)
  two.release()
  three.release()
  expect(views.take(feed, 'same', make).view).not.toBe(one.view)
  expect(views.take(feed, 'other', make).view).toBe(other.view)
})
