// Dead letters: listed, shown and replayed.

import {
  DeadLetterDetail,
  DeadLetterId,
  DeadLetterPage,
  ReasonFilter,
  ReplayPage,
  ReplayedLetter,
  SinkFilter,
  StateFilter,
} from '@runlight/contracts/api-dead-letters'
import type { DeadLetterSummary } from '@runlight/contracts/api-dead-letters'
import { RunlightError } from '@runlight/contracts/errors'
import Type from 'typebox'
import type { Static } from 'typebox'
import { json } from '../http/json.ts'
import { route } from '../http/route.ts'
import { resolveMoment } from '../logs/moment.ts'
import { moment } from '../routes/line-filters.ts'
import { DEFAULT_LIMIT, Paging } from '../routes/parameters.ts'
import type { Database } from '../store/database.ts'
import type { LetterBus } from './bus.ts'
import { openLettersCursor, sealLettersCursor } from './cursor.ts'
import { replayMany, replayOne } from './replay.ts'
import type { SettledLoki } from './settled.ts'
import { readContents, readLetter, readLetters } from './store.ts'
import type { LetterPlace, LetterRow } from './store.ts'

export interface DeadLetterSources {
  database: Database
  letterBus: LetterBus
  settledLoki: SettledLoki
}

/** Most letters that a filter may look at for one page. */
const SCAN_LETTERS = 20_000
/** Most bytes of values that one request replays; a page of replays holds at least one letter all the same. */
const REPLAY_BYTES = 16 * 1024 * 1024

const Filters = {
  sink: Type.Optional(SinkFilter),
  reason: Type.Optional(ReasonFilter),
  topic: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9._-]{1,249}$',
      description: 'Only records that were first on this topic',
    }),
  ),
  state: Type.Optional(StateFilter),
  since: moment('Earliest time of the first refusal'),
  until: moment('Latest time of the first refusal'),
}
const Query = Type.Object({ ...Filters, ...Paging })
type Query = Static<typeof Query>

const Letter = Type.Object({ id: DeadLetterId })

export const deadLetterList = (sources: DeadLetterSources) =>
  route({
    url: '/api/v1/dead-letters',
    operationId: 'listDeadLetters',
    summary: 'Records that a store refused for good, the latest first',
    params: Type.Object({}),
    query: Query,
    answer: DeadLetterPage,
    refusals: ['RL_CURSOR_INVALID', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ query }) => {
      const { letters, nextCursor, away } = await page(sources, query)
      return json({
        deadLetters: letters.map(summary),
        hasMore: nextCursor !== undefined,
        ...(nextCursor !== undefined && { nextCursor }),
        ...degraded(away),
      })
    },
  })

export const deadLetter = (sources: DeadLetterSources) =>
  route({
    url: '/api/v1/dead-letters/{id}',
    operationId: 'getDeadLetter',
    summary: 'A dead letter with its key and value, or with where they lie when they were too large to be kept',
    params: Letter,
    query: Type.Object({}),
    answer: DeadLetterDetail,
    refusals: ['RL_DEAD_LETTER_NOT_FOUND', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ params: { id } }) => {
      const { letter, away } = await find(sources, id)
      const contents = (await sources.database.read((sql) => readContents(sql, [id]))).get(id)
      return json({
        ...summary(letter),
        ...(contents?.key && { key: contents.key.toString('base64') }),
        ...(contents?.value && { value: contents.value.toString('base64') }),
        ...degraded(away),
      })
    },
  })

export const deadLetterReplay = (sources: DeadLetterSources) =>
  route({
    method: 'POST',
    url: '/api/v1/dead-letters/{id}/replay',
    operationId: 'replayDeadLetter',
    summary:
      'Gives a record back to the sink that refused it, under its original identity; answers once the bus has it. ' +
      'Done twice, it is stored once',
    params: Letter,
    query: Type.Object({}),
    answer: ReplayedLetter,
    refusals: [
      ...(['RL_DEAD_LETTER_NOT_FOUND', 'RL_DEAD_LETTER_NOT_REPLAYABLE', 'RL_DEAD_LETTER_GONE'] as const),
      ...(['RL_STORE_UNAVAILABLE', 'RL_BUS_UNAVAILABLE'] as const),
    ],
    handle: async ({ params: { id } }) => {
      const { letter } = await find(sources, id)
      return json(await replayOne(sources, letter))
    },
  })

export const deadLettersReplay = (sources: DeadLetterSources) =>
  route({
    method: 'POST',
    url: '/api/v1/dead-letters/replay',
    operationId: 'replayDeadLetters',
    summary:
      'Replays a page of the letters that the filters choose, and says of each that it could not replay why; go on ' +
      'with `nextCursor` while `hasMore` is true',
    params: Type.Object({}),
    query: Query,
    answer: ReplayPage,
    refusals: ['RL_CURSOR_INVALID', 'RL_STORE_UNAVAILABLE', 'RL_BUS_UNAVAILABLE'],
    handle: async ({ query }) => {
      const { letters, nextCursor, cursorAt } = await page(sources, query)
      const now = withinBytes(letters)
      const outcome = await replayMany(sources, now)
      const last = now.at(-1)
      const goOn = now.length < letters.length && last ? cursorAt(last) : nextCursor
      return json({ ...outcome, hasMore: goOn !== undefined, ...(goOn !== undefined && { nextCursor: goOn }) })
    },
  })

async function page({ database, settledLoki }: DeadLetterSources, query: Query) {
  const { sink, reason, topic, state, since, until, cursor, limit = DEFAULT_LIMIT } = query
  const list = [sink, reason, topic, state, since, until]
  const after = cursor === undefined ? undefined : openLettersCursor(cursor, list)
  // A cursor keeps the moments that its first request meant.
  const bounds = after?.bounds ?? { since: resolveMoment('since', since), until: resolveMoment('until', until) }
  const filter = { sink, reason, topic, state, ...bounds }
  const cursorAt = (place: LetterPlace) => sealLettersCursor({ ...place, bounds }, list)
  const { replays: lokiPassed, away } = await settledLoki()
  const { letters, goOn } = await database.read((sql) =>
    readLetters(sql, { filter, after, limit, scan: SCAN_LETTERS, lokiPassed }),
  )
  return { letters, away, cursorAt, nextCursor: goOn && cursorAt(goOn) }
}

async function find({ database, settledLoki }: DeadLetterSources, id: string) {
  const { replays: lokiPassed, away } = await settledLoki()
  const letter = await database.read((sql) => readLetter(sql, id, lokiPassed))
  if (!letter) throw new RunlightError('RL_DEAD_LETTER_NOT_FOUND', `No dead letter ${id} is known.`)
  return { letter, away }
}

function withinBytes(letters: readonly LetterRow[]): readonly LetterRow[] {
  let bytes = 0
  const end = letters.findIndex(({ valueBytes }, index) => {
    bytes += Number(valueBytes)
    return index > 0 && bytes > REPLAY_BYTES
  })
  return end === -1 ? letters : letters.slice(0, end)
}

function summary(letter: LetterRow): DeadLetterSummary {
  const { id, sink, reason, detail, state, failedAt, refusals, replays } = letter
  const { generation, topic, partition, offset, appendedAt } = letter
  return {
    ...{ id, sink, reason, detail, state, failedAt, refusals, replays },
    origin: { generation, topic, partition, offset, appendedAt },
    valueBytes: Number(letter.valueBytes),
    kept: letter.keyKept && letter.valueKept,
  }
}

function degraded(away: string | undefined) {
  if (away === undefined) return {}
  return { degraded: [{ component: 'bus', reason: `${away}; what became of replays since is not known` }] }
}
