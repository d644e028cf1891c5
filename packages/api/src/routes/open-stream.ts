// What every address of a live stream does with its parameters: where it begins, and what it may go on from.

import { openLogCursor } from '../cursor/cursors.ts'
import type { LogCursor } from '../cursor/cursors.ts'
import { MAX_CURSOR_LENGTH } from '../cursor/sealed.ts'
import type { ListIdentity } from '../cursor/sealed.ts'
import { ParameterError } from '../http/problem.ts'
import type { StreamAnswer, StreamRequest } from '../http/stream-route.ts'
import type { Start } from '../live/backfill.ts'
import type { Live, Wanted } from '../live/live.ts'
import type { LogQuery } from '../logs/page.ts'
import Type from 'typebox'

const MAX_LAST_LINES = 10_000
/** Lines of one page of what is stored already. */
export const BACKFILL_LINES = 1_000

/** The parameter `from`, with what it is where it is not given. */
export const fromParameter = (otherwise: string) =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_CURSOR_LENGTH,
      description: `Where it begins: \`start\`, \`end\`, \`-1000\` (the last 1,000 lines; at most ${MAX_LAST_LINES}), or a cursor; ${otherwise} if not given`,
    }),
  )

export interface StreamWish extends Omit<Wanted, 'start'> {
  /** The parameter `from`; a reader that comes back with its last event's cursor goes on from there instead. */
  from: string
  /** Throws when there is nothing to follow. */
  check?: () => Promise<void>
}

/**
 * Begins a stream, of whatever the query asks for.
 * @throws ParameterError, RunlightError RL_CURSOR_INVALID, RL_STORE_UNAVAILABLE, RL_TOO_MANY_STREAMS
 */
export async function openStream(
  live: Live,
  { from, check, ...wanted }: StreamWish,
  { lastEventId, transport, signal }: Pick<StreamRequest<unknown, unknown>, 'lastEventId' | 'transport' | 'signal'>,
): Promise<StreamAnswer> {
  const start = lastEventId ? startOf('last-event-id', lastEventId, wanted.query) : startOf('from', from, wanted.query)
  const ended = start.kind === 'cursor' && start.cursor.live?.done === true
  if (ended && lastEventId) return 'ended'
  await check?.()
  return live.open({ ...wanted, query: boundTo(wanted.query, start), start }, transport, signal)
}

/** @throws RunlightError RL_CURSOR_INVALID, ParameterError */
function startOf(parameter: string, text: string, { list }: LogQuery): Start {
  if (text === 'start' || text === 'end') return { kind: text }
  const last = /^-(\d{1,6})$/.exec(text)
  if (!last) return { kind: 'cursor', cursor: cursorIn(parameter, text, list) }
  const lines = Number(last[1])
  if (lines > MAX_LAST_LINES) {
    throw new ParameterError(
      parameter,
      `The parameter ${parameter} must ask for at most the last ${MAX_LAST_LINES} lines.`,
    )
  }
  return { kind: 'last', lines }
}

/** @throws ParameterError RL_CURSOR_INVALID, by the name of where the cursor stands */
function cursorIn(parameter: string, text: string, list: ListIdentity): LogCursor {
  try {
    return openLogCursor(text, list)
  } catch (cause) {
    const { message } = cause as Error
    const others = parameter === 'from' ? 'The parameter from is `start`, `end`, `-1000` or a cursor. ' : ''
    throw new ParameterError(parameter, `${others}${message}`, 'RL_CURSOR_INVALID')
  }
}

/** A cursor keeps the moments that its first request meant. */
function boundTo(query: LogQuery, start: Start): LogQuery {
  return start.kind === 'cursor' ? { ...query, bounds: start.cursor.bounds } : query
}
