// Who made a record, and where it lies on the bus: the two things that identity is made of.

import Type from 'typebox'

/**
 * Identity of a record within its topic. `id` is new for each execution context (one node attempt; for a component,
 * one process) and topic; `seq` counts from 1, given when the record is made, so a retried send carries the same pair.
 */
export const Producer = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 200, description: 'New for each execution context and topic' }),
    seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Counts from 1' }),
  },
  { description: 'Identity of the record within its topic' },
)
export type Producer = Type.Static<typeof Producer>

/** Where a record lies. `generation` names one life of the topic; offsets are compared only within one generation. */
export interface Position {
  generation: string
  topic: string
  partition: number
  offset: bigint
}

/** An inclusive range of sequence numbers. */
export const SeqRange = Type.Object({
  from: Type.Integer({ minimum: 1 }),
  to: Type.Integer({ minimum: 1 }),
})
export type SeqRange = Type.Static<typeof SeqRange>

/** The identity of a record that carries no producer: the place where it lies. */
export function foreignProducerId(position: Position): string {
  return `foreign:${position.generation}/${position.topic}/${position.partition}`
}

/** Sequence of a record that carries no producer: its offset, counted from 1. */
export function foreignSeq(position: Position): bigint {
  return position.offset + 1n
}
