// A live stream of the API, read for as long as it takes: over lost connections and restarts of the API, at the cursor
// that was reached; by polling where something in between lets no stream through.

import type { StreamGap } from '@runlight/contracts/api-stream'
import { ApiProblem } from './api-problem.ts'
import { Ended, NotStreamed, connect } from './live-connection.ts'
import { placeAt } from './live-place.ts'
import type { LiveEvent, LiveQuery, LiveState, Place } from './live-place.ts'
import { pollEvents } from './live-polling.ts'
import { Backoff } from './wait.ts'

/** So many connections in a row that gave nothing: then it is asked whether polling gives something. */
const FRUITLESS = 3
/** While it is polled, a stream is tried again after this long, and each time twice as long. */
const STREAM_AGAIN_MS = 60_000

/**
 * Events until `done`, which is the last one; without end for components. Whoever iterates sets the pace. Nothing is
 * given twice, and nothing is left out: what the API had to skip for a slow reader is read from its store.
 * @throws ApiProblem when the API refuses; the reason of the signal
 */
export async function* liveEvents(live: LiveQuery): AsyncGenerator<LiveEvent, void, undefined> {
  const place = placeAt(live.from)
  const backoff = new Backoff()
  const tell = once(live.onState)
  let streamAgain = STREAM_AGAIN_MS
  // From a place of its own, which no stream could go on from.
  let isPolled = false
  for (;;) {
    let reason: string
    let refused: boolean
    let fruitful = false
    const onOpen = () => tell('streaming', '')
    // A connection is good for something as soon as it has moved the place, if only by a sign of life.
    const onPlace = () => {
      fruitful = true
      backoff.succeeded()
    }
    try {
      if (isPolled) throw new NotStreamed('none has before')
      for await (const event of streamed(live, place, onOpen, onPlace)) {
        yield event
        if (event.event === 'done') return
      }
      // A gap: what was skipped is read at once.
      continue
    } catch (error) {
      live.signal?.throwIfAborted()
      if (error instanceof Ended) return
      if (error instanceof ApiProblem && isFinal(error)) throw error
      refused = error instanceof NotStreamed || (error instanceof ApiProblem && !isGoing(error))
      reason = reasonOf(live, error)
    }
    // A source that keeps its own place knows nothing of what was streamed before, nor of what a gap has left out.
    const isBegun = place.cursor !== undefined || place.from !== live.from
    const pollable = live.poll && !(live.poll.begin && isBegun)
    if (live.poll && pollable && !fruitful && (refused || backoff.failures >= FRUITLESS)) {
      const until = live.poll.begin ? Infinity : Date.now() + streamAgain
      streamAgain *= 2
      const onBegin = () => {
        isPolled = live.poll?.begin !== undefined
      }
      const onAnswer = () => {
        backoff.succeeded()
        tell('polling', reason)
      }
      try {
        for await (const event of pollEvents(live, live.poll, place, { until, onBegin, onAnswer })) {
          yield event
          if (event.event === 'done') return
        }
        continue
      } catch (error) {
        live.signal?.throwIfAborted()
        if (error instanceof ApiProblem && error.problem.status < 500) throw error
        reason = reasonOf(live, error)
      }
    }
    if (backoff.failures > 1) tell('waiting', reason)
    await backoff.wait(live.signal)
  }
}

/** What one connection gives; returns when a gap is to be read. @throws whatever ends it otherwise */
async function* streamed(
  live: LiveQuery,
  place: Place,
  onOpen: () => void,
  onPlace: () => void,
): AsyncGenerator<LiveEvent, void, undefined> {
  for await (const { event, id, data } of connect(live, place, onOpen)) {
    if (id !== undefined) onPlace()
    if (event === 'gap') {
      const gap = JSON.parse(data) as StreamGap
      place.from = gap.from
      place.cursor = undefined
      return
    }
    if (id !== undefined) place.cursor = id
    if (event === 'problem') throw new Error(`it cannot go on: ${data}`)
    if (!isEvent(event)) continue
    const content = JSON.parse(data) as unknown
    if (event === 'trace') {
      const { sequence } = content as { sequence: number }
      // Given already, when this was polled.
      if (sequence <= place.sequence) continue
      place.sequence = sequence
    }
    if (event === 'log' && live.poll && place.given.has(live.poll.idOf(content))) continue
    yield { event, data: content }
  }
  throw new Error('it has ended the stream')
}

function isEvent(name: string | undefined): name is LiveEvent['event'] {
  return name === 'status' || name === 'trace' || name === 'log' || name === 'done'
}

/** Will asking again not help? A server with as many streams as it can carry is polled. */
function isFinal({ problem }: ApiProblem): boolean {
  return problem.status < 500 && problem.code !== 'RL_TOO_MANY_STREAMS'
}

/** Will another server answer soon, or the same one? */
function isGoing({ problem }: ApiProblem): boolean {
  return problem.code === 'RL_SHUTTING_DOWN'
}

function reasonOf({ baseUrl }: LiveQuery, error: unknown): string {
  const { message, cause } = error as Error
  if (error instanceof NotStreamed) return `No live stream of the API at ${String(baseUrl)} comes through: ${message}.`
  const inner = cause instanceof Error && cause.message !== '' ? cause.message : message
  return `The API at ${String(baseUrl)} does not answer: ${inner.replace(/\.$/, '')}.`
}

/** Tells of a change only. */
function once(tell: LiveQuery['onState']): (state: LiveState, reason: string) => void {
  let told: LiveState | undefined
  return (state, reason) => {
    if (state !== told) tell?.(state, reason)
    told = state
  }
}
