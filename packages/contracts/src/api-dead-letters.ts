// Shapes of the API's answers about dead letters.

import Type from 'typebox'
import { Degradation } from './execution-status.ts'
import { DEAD_LETTER_REASONS, DEAD_LETTER_STATES, Origin } from './dead-letter.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import { Timestamp } from './identifiers.ts'
import { SINKS } from './topics.ts'

export const DeadLetterId = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$', description: 'The dead letter' })
export const SinkFilter = Type.Enum(SINKS, { description: 'Only what this sink refused' })
export const ReasonFilter = Type.Enum(Object.keys(DEAD_LETTER_REASONS) as DeadLetterReason[], {
  description: 'Only what was refused for this reason',
})
export const StateFilter = Type.Enum(DEAD_LETTER_STATES, { description: 'Only letters in this state' })

const summary = {
  id: DeadLetterId,
  sink: Type.Enum(SINKS, { description: 'The sink that refused it' }),
  reason: Type.Enum(Object.keys(DEAD_LETTER_REASONS) as DeadLetterReason[]),
  detail: Type.String({ description: "What is wrong: the field, or the store's own words" }),
  origin: Origin,
  state: Type.Enum(DEAD_LETTER_STATES),
  failedAt: Timestamp,
  refusals: Type.Integer({ minimum: 1, description: 'How often it was refused' }),
  replays: Type.Integer({ minimum: 0, description: 'How often it was replayed' }),
  valueBytes: Type.Integer({ minimum: 0, description: 'Size of its value' }),
  kept: Type.Boolean({
    description:
      'Key and value are kept with the letter; otherwise they lie on the bus, at `origin`, while it has them',
  }),
}

export const DeadLetterSummary = Type.Object(summary)
export type DeadLetterSummary = Type.Static<typeof DeadLetterSummary>

export const DeadLetterPage = Type.Object({
  deadLetters: Type.Array(DeadLetterSummary),
  hasMore: Type.Boolean(),
  nextCursor: Type.Optional(Type.String({ description: 'Opaque; give it back unchanged' })),
  degraded: Type.Optional(Type.Array(Degradation)),
})
export type DeadLetterPage = Type.Static<typeof DeadLetterPage>

export const DeadLetterDetail = Type.Object({
  ...summary,
  key: Type.Optional(Type.String({ description: 'Base64 of the original key; left out where it has none' })),
  value: Type.Optional(Type.String({ description: 'Base64 of the original value; left out where it is not kept' })),
  degraded: Type.Optional(Type.Array(Degradation)),
})
export type DeadLetterDetail = Type.Static<typeof DeadLetterDetail>

export const ReplayedLetter = Type.Object({
  id: DeadLetterId,
  replayId: Type.String({ description: 'The same for each replay of this letter' }),
  topic: Type.String({ description: 'The replay topic of its sink' }),
  partition: Type.Integer({ minimum: 0 }),
  offset: Type.String({ description: 'Where the bus has acknowledged it' }),
})
export type ReplayedLetter = Type.Static<typeof ReplayedLetter>

/** What became of a replay of many: those that the bus has, and those that could not be replayed. */
export const ReplayPage = Type.Object({
  replayed: Type.Array(ReplayedLetter),
  skipped: Type.Array(Type.Object({ id: DeadLetterId, code: Type.String(), detail: Type.String() })),
  hasMore: Type.Boolean(),
  nextCursor: Type.Optional(Type.String({ description: 'Opaque; give it back unchanged to go on' })),
})
export type ReplayPage = Type.Static<typeof ReplayPage>
