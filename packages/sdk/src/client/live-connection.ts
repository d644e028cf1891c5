// One connection of a live stream: from its opening until it ends, breaks, or is silent for too long.

import { ApiProblem } from './api-problem.ts'
import { readEventStream } from './event-stream.ts'
import type { ServerEvent } from './event-stream.ts'
import type { LiveQuery, Place } from './live-place.ts'
import { isProblem } from './request.ts'
import { asParameters } from './schema.ts'

/** The API answers at once with a first line: who keeps it back keeps back everything. */
const FIRST_BYTE_MS = 10_000
/** The API says something every few seconds; one that says nothing for this long is gone. */
const SILENT_MS = 60_000

/** Something between here and the API does not let a stream through. */
export class NotStreamed extends Error {}

/** The API has nothing more to say to a reader that comes back. */
export class Ended extends Error {}

/**
 * What comes over one connection; `onOpen` is told of its first byte.
 * @throws Ended, NotStreamed, ApiProblem, or the error of a connection that fails
 */
export async function* connect(
  live: LiveQuery,
  place: Place,
  onOpen: () => void,
): AsyncGenerator<ServerEvent, void, undefined> {
  const { fetch = globalThis.fetch, streamTimeoutMs = FIRST_BYTE_MS, signal } = live
  const silence = new Silence()
  let open = false
  silence.allow(streamTimeoutMs, () => new NotStreamed('nothing of the stream comes through'))
  try {
    const response = await fetch(address(live, place), {
      headers: {
        accept: 'text/event-stream',
        // Browsers ask for what they like; others save the work of compressing.
        'accept-encoding': 'identity',
        ...(place.cursor !== undefined && { 'last-event-id': place.cursor }),
      },
      signal: signal ? AbortSignal.any([silence.signal, signal]) : silence.signal,
    })
    if (response.status === 204) throw new Ended()
    if (!response.ok) throw await refusalOf(response)
    const type = response.headers.get('content-type') ?? 'nothing'
    if (!type.startsWith('text/event-stream') || !response.body) {
      throw new NotStreamed(`the answer is ${type} instead of a stream`)
    }
    yield* readEventStream(response.body, () => {
      if (!open) onOpen()
      open = true
      silence.allow(SILENT_MS, () => new Error('the API is silent'))
    })
  } catch (cause) {
    // Browsers and Node tell of an abort in their own words.
    signal?.throwIfAborted()
    throw silence.signal.aborted ? silence.signal.reason : cause
  } finally {
    silence.end()
  }
}

function address({ baseUrl, path, query }: LiveQuery, place: Place): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(asParameters<object>({ ...query, from: place.from }))) {
    for (const one of [value].flat()) parameters.append(name, String(one))
  }
  const base = String(baseUrl)
  return `${base}${base.endsWith('/') ? '' : '/'}${path}?${parameters}`
}

async function refusalOf(response: Response): Promise<Error> {
  const text = await response.text()
  try {
    const body: unknown = JSON.parse(text)
    if (isProblem(body)) return new ApiProblem(body)
  } catch {
    // not the API's answer
  }
  return new NotStreamed(`the stream is answered by ${response.status}, but not by the API`)
}

/** Aborts when nothing was heard for as long as is allowed. */
class Silence {
  readonly #controller = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  allow(milliseconds: number, reason: () => Error): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#controller.abort(reason()), milliseconds)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
