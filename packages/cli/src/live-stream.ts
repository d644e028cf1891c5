// A live stream of the API (Server-Sent Events), read for as long as it takes: over lost connections and restarts of
// the API, at the cursor that was reached.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Problem } from '@runlight/contracts/api'
import type { StreamEventName, StreamGap } from '@runlight/contracts/api-stream'
import { ApiProblem } from '@runlight/sdk/client/api-problem'

export interface LiveEvent {
  event: Exclude<StreamEventName, 'gap' | 'problem'>
  data: unknown
}

export interface LiveQuery {
  baseUrl: string
  path: string
  /** Parameters, besides `from`. */
  query: Readonly<Record<string, string | number | readonly string[] | undefined>>
  /** `start`, `end`, or `-100` for the last 100 lines. */
  from: string
  /** Told, once each time, that the API does not answer. */
  onAway: (reason: string) => void
  /** Ends the stream with its reason. */
  signal?: AbortSignal
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000
/** The API says something every few seconds; one that says nothing for this long is gone. */
const SILENT_MS = 60_000

/**
 * Events until `done`, which is the last one; without end for components.
 * @throws ApiProblem when the API refuses; the reason of the signal
 */
export async function* liveEvents(live: LiveQuery): AsyncGenerator<LiveEvent, void, undefined> {
  let cursor: string | undefined
  let from = live.from
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    let reason = 'The API has ended the stream.'
    try {
      for await (const { event, id, data } of serverEvents(live, from, cursor)) {
        wait = FIRST_WAIT_MS
        if (event === 'gap') {
          // What was skipped is in the store: the stream is read again from there.
          from = (JSON.parse(data) as StreamGap).from
          cursor = undefined
          break
        }
        if (id !== undefined) cursor = id
        if (event === 'problem') {
          reason = `The API can not go on: ${data}.`
          break
        }
        if (event === undefined) continue
        yield { event, data: JSON.parse(data) as unknown }
        if (event === 'done') return
      }
    } catch (error) {
      live.signal?.throwIfAborted()
      if (error instanceof Ended) return
      if (error instanceof ApiProblem && error.problem.status < 500) throw error
      reason = `The API at ${live.baseUrl} does not answer: ${(error as Error).message}.`
    }
    if (wait > FIRST_WAIT_MS * 2) live.onAway(reason)
    await sleep(Math.random() * wait, undefined, { signal: live.signal })
  }
}

/** The API has nothing more to say to a reader that comes back. */
class Ended extends Error {}

interface ServerEvent {
  event: StreamEventName | undefined
  id: string | undefined
  data: string
}

async function* serverEvents(live: LiveQuery, from: string, cursor: string | undefined) {
  const address = new URL(live.path, live.baseUrl.endsWith('/') ? live.baseUrl : `${live.baseUrl}/`)
  for (const [name, value] of Object.entries({ ...live.query, from })) {
    if (value !== undefined) address.searchParams.set(name, String(value))
  }
  const silent = new AbortController()
  const watch = setTimeout(() => silent.abort(new Error('It is silent')), SILENT_MS)
  try {
    const response = await fetch(address, {
      headers: {
        accept: 'text/event-stream',
        'accept-encoding': 'identity',
        ...(cursor && { 'last-event-id': cursor }),
      },
      signal: live.signal ? AbortSignal.any([silent.signal, live.signal]) : silent.signal,
    })
    if (response.status === 204) throw new Ended()
    if (!response.ok) throw new ApiProblem((await response.json()) as Problem)
    if (!response.body) return
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of response.body) {
      watch.refresh()
      const blocks = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) yield parseEvent(block)
    }
  } finally {
    clearTimeout(watch)
    silent.abort()
  }
}

/** One event (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream). */
function parseEvent(block: string): ServerEvent {
  const read: ServerEvent = { event: undefined, id: undefined, data: '' }
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const value = line.slice(colon + 1).replace(/^ /, '')
    const name = line.slice(0, colon)
    if (name === 'event') read.event = value as StreamEventName
    else if (name === 'id') read.id = value
    else if (name === 'data') read.data += read.data === '' ? value : `\n${value}`
  }
  return read
}
