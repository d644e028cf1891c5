import { expect, test } from 'vitest'
import { liveEvents } from './live-events.ts'
import { pollLists } from './unified-polling.ts'

const stream = (text: string) => new Response(text, { headers: { 'content-type': 'text/event-stream' } })
const log = (id: number) => `event: log\nid: ${id}\ndata: {"message":"${id}"}\n\n`
const tooMany = () =>
  new Response(
    JSON.stringify({ type: '', title: '', status: 429, code: 'RL_TOO_MANY_STREAMS', detail: '', instance: '' }),
    { status: 429 },
  )

test('what a gap has left out is streamed, also when the server has too many streams just then', async () => {
  const answers = [
    stream(`id: 1\n\n${log(2)}event: gap\ndata: {"from":"2","to":"5","skipped":3}\n\n`),
    tooMany(),
    stream(log(3) + log(4) + log(5)),
  ]
  const asked: [from: string | null, lastEventId: string | null][] = []
  const polled = new AbortController()
  const events = liveEvents({
    ...{ baseUrl: 'http://api', path: 'stream', query: {}, from: 'end', signal: polled.signal },
    // Lists go on from their end: what the gap has left out lies before it.
    poll: pollLists([async () => ({ limit: 1, offset: 0, logs: [], has_more: false, next_cursor: '5' })]),
    onState: (state) => state === 'polling' && polled.abort(new Error('It was polled')),
    fetch: async (input, init) => {
      const request = new Request(input, init)
      asked.push([new URL(request.url).searchParams.get('from'), request.headers.get('last-event-id')])
      return answers.shift() ?? Promise.reject(new Error('No more is asked for here'))
    },
  })
  const seen: string[] = []
  for await (const { data } of events) {
    seen.push((data as { message: string }).message)
    if (seen.length === 4) break
  }
  expect(seen).toEqual(['2', '3', '4', '5'])
  expect(asked).toEqual([
    ['end', null],
    ['2', null],
    ['2', null],
  ])
})

test('while lists that are polled are not answered, that is told, and they are asked ever more rarely', async () => {
  let pages = 0
  const states: string[] = []
  const events = liveEvents({
    ...{ baseUrl: 'http://api', path: 'stream', query: {}, from: 'start' },
    onState: (state) => states.push(state),
    poll: pollLists([
      async () => {
        if (++pages < 4) throw new Error('It is away')
        const timestamp = new Date().toISOString()
        const line = { type: 'job', timestamp, level: 'info', stream: 'stdout', message: '1' } as const
        return { limit: 1, offset: 0, logs: [line], has_more: false, next_cursor: '1' }
      },
    ]),
    fetch: async () => tooMany(),
  })
  for await (const { data } of events) {
    expect(data).toMatchObject({ message: '1' })
    break
  }
  expect(states).toEqual(['waiting', 'polling'])
})

test('what is polled from a place of its own is not streamed from the end when the API was away for a moment', async () => {
  let [streams, pages] = [0, 0]
  const events = liveEvents({
    ...{ baseUrl: 'http://api', path: 'stream', query: {}, from: 'end' },
    poll: pollLists([
      async ({ cursor }) => {
        const page = { limit: 1, offset: 0, logs: [], has_more: false, next_cursor: '1' }
        if (cursor === 'end') return page
        if (++pages === 1) throw new Error('It is away')
        const timestamp = new Date().toISOString()
        return { ...page, logs: [{ type: 'job', timestamp, level: 'info', stream: 'stdout', message: '2' }] }
      },
    ]),
    fetch: async () => (++streams === 1 ? tooMany() : stream(log(3))),
  })
  for await (const { data } of events) {
    expect(data).toMatchObject({ message: '2' })
    break
  }
  expect([streams, pages]).toEqual([1, 2])
})
