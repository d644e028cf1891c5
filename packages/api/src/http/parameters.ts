// Parameters of requests: texts become typed values, and every fault names its parameter.

import { shape } from '@runlight/contracts/schema'
import type { Static, TObject, TSchema } from 'typebox'
import { ParameterError } from './problem.ts'

/** Reads the parameters of a path or query; one that is a list may be given more than once. @throws ParameterError */
export type ParameterReader<S extends TObject> = (raw: Readonly<Record<string, unknown>>) => Static<S>

export function parameterReader<S extends TObject>(schema: S): ParameterReader<S> {
  const names = Object.keys(schema.properties)
  const required = (schema as { required?: readonly string[] }).required ?? []
  const checked = shape(schema)
  return (raw) => {
    const values: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(raw)) {
      const property = (schema.properties as Record<string, TSchema>)[name]
      if (!names.includes(name) || !property) throw fault(name, `is not known here; there is ${names.join(', ')}`)
      if (isList(property)) {
        values[name] = Array.isArray(value) ? (value as unknown[]) : [value]
        continue
      }
      if (typeof value !== 'string') throw fault(name, 'was given more than once')
      values[name] = isInteger(property) ? parseInteger(name, value) : value
    }
    const missing = required.find((name) => !(name in values))
    if (missing !== undefined) throw fault(missing, 'is missing')
    const result = checked.check(values)
    if (result.ok) return result.value
    const { field: place, message } = result.refusal
    // The second one of a list is `name.1`.
    const field = place.replace(/\..*/, '')
    const { description } = ((schema.properties as Record<string, TSchema>)[field] ?? {}) as { description?: string }
    throw fault(field, description === undefined ? message : `${message} (${description})`)
  }
}

/** Reads a body against its shape; every fault is named by its path. A route without a shape takes no body. @throws ParameterError */
export function bodyReader(schema: TSchema | undefined): (raw: unknown) => unknown {
  if (!schema) {
    return (raw) => {
      if (raw === undefined || raw === null) return undefined
      throw new ParameterError('body', 'The body must be left out here.')
    }
  }
  const checked = shape(schema)
  return (raw) => {
    if (raw === undefined) throw new ParameterError('body', 'The body is missing; it must be JSON.')
    const result = checked.check(raw)
    if (result.ok) return result.value
    const { field, message } = result.refusal
    throw new ParameterError(field || 'body', `The body's ${field || 'value'} ${message}.`)
  }
}

function isList(schema: TSchema): boolean {
  return (schema as { type?: unknown }).type === 'array'
}

function isInteger(schema: TSchema): boolean {
  return (schema as { type?: unknown }).type === 'integer'
}

function parseInteger(name: string, text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw fault(name, 'must be a whole number')
  return Number(text)
}

function fault(name: string, message: string): ParameterError {
  return new ParameterError(name, `The parameter ${name} ${message}.`)
}
