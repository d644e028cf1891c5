// A stream whose events come in one piece, as the first answer of a run that has much to tell.

import { expect, test } from 'vitest'
import { LogStreamingService } from './log-streaming-service.ts'
import type { LogStreamer } from './log-streaming-service.ts'

const PIECE = [
  ['status', { status: 'COMPLETED' }],
  ['trace', { sequence: 1 }],
  ['trace', { sequence: 2 }],
  ['log', { message: 'a line' }],
  ['log', { message: 'another' }],
  ['done', { verdict: 'complete' }],
]
  .map(([event, data], index) => `event: ${String(event)}\nid: ${index}\ndata: ${JSON.stringify(data)}\n\n`)
  .join('')
const ALL = ['state', 'status', 'event', 'event', 'message', 'message', 'done', 'end']

/** The handlers that are called, one of which closes the stream. */
async function called(closing?: string): Promise<string[]> {
  const told: string[] = []
  const fetch = async () => new Response(PIECE, { headers: { 'content-type': 'text/event-stream' } })
  const tell = (name: string) => () => {
    told.push(name)
    if (name === closing) streamer.close()
  }
  const streamer: LogStreamer = new LogStreamingService({ baseUrl: 'http://api', fetch }).streamRun('run', {
    ...{ onState: tell('state'), onStatus: tell('status'), onEvent: tell('event'), onMessage: tell('message') },
    ...{ onDone: tell('done'), onEnd: tell('end'), onError: tell('error') },
  })
  await streamer.ended
  return told
}

test('every handler is called for what comes', async () => {
  expect(await called()).toEqual(ALL)
})

test.each(['state', 'status', 'event', 'message', 'done'])(
  'when the handler of %s has closed the stream, no handler is called any more',
  async (closing) => {
    expect(await called(closing)).toEqual(ALL.slice(0, ALL.indexOf(closing) + 1))
  },
)
