// What a record becomes when it can't be decoded or a store refuses it for good.

import Type from 'typebox'
import { SINKS } from './topics.ts'
import { Timestamp } from './identifiers.ts'

export const DEAD_LETTER_REASONS = {
  encoding: 'The value is not UTF-8',
  json: 'The value is not JSON',
  schema: 'The value does not have the shape of its topic',
  org: 'The organisation is not a valid tenant',
  unrepresentable:
    'A value in it cannot be held by a store, such as a NUL character in a text, or not be written for it',
  too_large: 'The record is above the size that a store accepts',
  refused: 'The store refused it for good, in its own words',
  unreadable: 'It lay among the dead letters and is none',
} as const
export type DeadLetterReason = keyof typeof DEAD_LETTER_REASONS

/** Where a record first lay on the bus. */
export const Origin = Type.Object({
  generation: Type.String({ minLength: 1, maxLength: 64 }),
  topic: Type.String({ minLength: 1, maxLength: 249 }),
  partition: Type.Integer({ minimum: 0 }),
  offset: Type.String({ pattern: '^\\d{1,19}$' }),
  appendedAt: Timestamp,
})
export type Origin = Type.Static<typeof Origin>

/**
 * What the header `runlight-origin` of a record on `telemetry.replay.<sink>` holds, as JSON. Key and value of such a
 * record are the original ones, byte by byte: with the origin they give the same identity and the same effective time.
 */
export const ReplayOrigin = Type.Object({
  ...Origin.properties,
  replayId: Type.String({
    pattern: '^[A-Za-z0-9_-]{1,64}$',
    description: 'Names one replay; what it brings to Loki goes to streams of its own, `late="<replayId>"`',
  }),
})
export type ReplayOrigin = Type.Static<typeof ReplayOrigin>

/** A record on `telemetry.dlq`. Its key is `<topic>/<partition>/<offset>` of the origin. */
export const DeadLetter = Type.Object({
  schemaVersion: Type.Integer({ minimum: 1 }),
  sink: Type.Enum(SINKS),
  reason: Type.Enum(Object.keys(DEAD_LETTER_REASONS) as DeadLetterReason[]),
  detail: Type.String({ description: "What is wrong: the field, or the store's own words" }),
  origin: Origin,
  key: Type.Optional(Type.String({ description: 'Base64 of the original key; left out when it is too large' })),
  keyBytes: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Size of the original key; left out where the record has none' }),
  ),
  value: Type.Optional(Type.String({ description: 'Base64 of the original value; left out when it is too large' })),
  valueBytes: Type.Integer({ minimum: 0, description: 'Size of the original value' }),
  failedAt: Timestamp,
  replay: Type.Optional(
    Type.Object(
      { offset: Type.String({ pattern: '^\\d{1,19}$' }) },
      { description: 'It was refused again when it was replayed: where it lay on `telemetry.replay.<sink>`' },
    ),
  ),
})
export type DeadLetter = Type.Static<typeof DeadLetter>

/** A value above this many bytes is left on its topic; the dead letter points at it. */
export const DEAD_LETTER_VALUE_LIMIT = 512 * 1024

/**
 * How a dead letter stands. `open`: nobody has replayed it. `replaying`: it lies on the sink's replay topic.
 * `replayed`: the sink has stored it. `refused_again`: the sink has refused it again.
 */
export const DEAD_LETTER_STATES = ['open', 'replaying', 'replayed', 'refused_again'] as const
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number]
