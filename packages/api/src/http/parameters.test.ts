import Type from 'typebox'
import { expect, test } from 'vitest'
import { parameterReader } from './parameters.ts'
import { ParameterError } from './problem.ts'

const read = parameterReader(
  Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
    state: Type.Optional(Type.Enum(['on', 'off'])),
    name: Type.String({ minLength: 1 }),
    names: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 2 })),
  }),
)

function faultOf(raw: Record<string, unknown>): [parameter: string, message: string] {
  try {
    read(raw)
  } catch (error) {
    if (error instanceof ParameterError) return [error.parameter, error.message]
    throw error
  }
  throw new Error('It was taken')
}

test('texts become values', () => {
  expect(read({ name: '7', limit: '7', state: 'on' })).toEqual({ name: '7', limit: 7, state: 'on' })
  expect(read({ name: 'x' })).toEqual({ name: 'x' })
  expect(read({ name: 'x', names: 'a,b' })).toEqual({ name: 'x', names: ['a,b'] })
  expect(read({ name: 'x', names: ['a', 'b'] })).toEqual({ name: 'x', names: ['a', 'b'] })
})

test.each([
  [{ name: 'x', limit: '0' }, 'limit'],
  [{ name: 'x', limit: '11' }, 'limit'],
  [{ name: 'x', limit: '' }, 'limit'],
  [{ name: 'x', limit: '1e1' }, 'limit'],
  [{ name: 'x', limit: ' 1' }, 'limit'],
  [{ name: 'x', limit: '0x1' }, 'limit'],
  [{ name: 'x', limit: '1.0' }, 'limit'],
  [{ name: 'x', limit: '9999999999999999999' }, 'limit'],
  [{ name: 'x', limit: ['1', '2'] }, 'limit'],
  [{ name: 'x', state: 'ON' }, 'state'],
  [{ name: 'x', names: ['a', 'b', 'c'] }, 'names'],
  [{ name: 'x', names: ['a', ''] }, 'names'],
  [{ name: '' }, 'name'],
  [{}, 'name'],
  [{ name: 'x', other: '1' }, 'other'],
  [{ name: 'x', constructor: '1' }, 'constructor'],
])('%j is refused by the name of the parameter', (raw, parameter) => {
  const [named, message] = faultOf(raw)
  expect(named).toBe(parameter)
  expect(message).toContain(parameter)
})
