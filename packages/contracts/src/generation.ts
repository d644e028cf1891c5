// The generation of a topic: a random name for one life of it, kept in a compacted topic under the topic's name.

import Type from 'typebox'
import { Timestamp } from './identifiers.ts'
import { shape } from './schema.ts'

export const Generation = Type.Object({
  schemaVersion: Type.Integer({ minimum: 1 }),
  topic: Type.String(),
  generation: Type.String({ minLength: 1, maxLength: 64 }),
  createdAt: Timestamp,
})
export type Generation = Type.Static<typeof Generation>

export const generation = shape(Generation)
