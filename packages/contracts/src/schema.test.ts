import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { shape } from './schema.ts'

const inner = Type.Object({ lines: Type.Optional(Type.Integer()) }, { additionalProperties: false })
const checked = shape(Type.Object({ id: Type.String(), inputs: Type.Optional(inner) }, { additionalProperties: false }))

test.each([
  [{ id: 'a', bogus: 1 }, 'bogus', 'is not a known field'],
  [{ id: 'a', inputs: { bogus: 1 } }, 'inputs.bogus', 'is not a known field'],
  [{ inputs: {} }, '', 'lacks id'],
])('%j is refused for "%s", which %s', (value, field, message) => {
  expect(checked.check(value)).toEqual({ ok: false, refusal: { field, message } })
})
