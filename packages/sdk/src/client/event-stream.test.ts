import { expect, test } from 'vitest'
import { readEventStream } from './event-stream.ts'
import type { ServerEvent } from './event-stream.ts'

const TEXT = [
  '\uFEFFretry: 1000\n\n',
  ': still here\nid: place 1\n\n',
  'id: 2\r\nevent: log\r\ndata: {"a":\r\ndata: "ü"}\r\n\r\n',
  'event:log\rdata:no space\r\r',
  'data\nid: bad\0id\n\n',
  'event: log\ndata: cut off',
].join('')
const EVENTS: ServerEvent[] = [
  { event: undefined, id: 'place 1', data: '' },
  { event: 'log', id: '2', data: '{"a":\n"ü"}' },
  { event: 'log', id: undefined, data: 'no space' },
  { event: undefined, id: undefined, data: '' },
]

async function read(size: number): Promise<{ events: ServerEvent[]; pieces: number }> {
  const bytes = new TextEncoder().encode(TEXT)
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size))
      controller.close()
    },
  })
  const events: ServerEvent[] = []
  let pieces = 0
  for await (const event of readEventStream(body, () => pieces++)) events.push(event)
  return { events, pieces }
}

test.each([1, 2, 3, 7, 1_000])(
  'events are the same in pieces of %s bytes; one that is cut off is none',
  async (size) => {
    const { events, pieces } = await read(size)
    expect(events).toEqual(EVENTS)
    expect(pieces).toBe(Math.ceil(new TextEncoder().encode(TEXT).length / size))
  },
)

test('a reader that has enough cancels the stream', async () => {
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: x\n\n')),
    cancel: () => void (cancelled = true),
  })
  for await (const { data } of readEventStream(body, () => undefined)) {
    expect(data).toBe('x')
    break
  }
  expect(cancelled).toBe(true)
})
