// The one way a shape is written, checked and explained.
// A shape is a JSON Schema (TypeBox); its TypeScript type is derived from it.

import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

/** Why a value does not have its shape: the field in dotted form ('' is the value itself) and a sentence. */
export interface Refusal {
  field: string
  message: string
}

export type Checked<T> = { ok: true; value: T } | { ok: false; refusal: Refusal }

export interface Shape<S extends TSchema> {
  schema: S
  /** Fast yes or no, for the hot path. */
  matches: (value: unknown) => value is Static<S>
  /** Checks and, when it fails, names the first field at fault. */
  check: (value: unknown) => Checked<Static<S>>
}

/** Compiles a schema once, at module load; `matches` costs well under a microsecond for a record. */
export function shape<const S extends TSchema>(schema: S): Shape<S> {
  const validator = Compile(schema)
  const matches = (value: unknown): value is Static<S> => validator.Check(value)
  const check = (value: unknown): Checked<Static<S>> => {
    if (matches(value)) return { ok: true, value }
    const [first] = validator.Errors(value)
    const field = (first?.instancePath ?? '').slice(1).replaceAll('/', '.')
    return { ok: false, refusal: { field, message: describeError(first) } }
  }
  return { schema, matches, check }
}

interface ValidatorError {
  keyword: string
  params: object
  message: string
}

function describeError(error: ValidatorError | undefined): string {
  if (!error) return 'does not have the expected shape'
  const params = error.params as Record<string, unknown>
  if (error.keyword === 'required') return `lacks ${String(params['requiredProperties'] ?? 'a required field')}`
  if (error.keyword === 'enum') return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
  // What `additionalProperties: false` says of each property that the shape does not have.
  if (error.keyword === 'boolean') return 'is not a known field'
  return error.message
}
