// Names for what the OpenAPI document describes.

import type { components, operations } from './api-schema.generated.ts'

/** A shape of the document, such as `LogPage`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

/** Parameters of an operation besides those in its path. */
export type Query<Operation extends keyof operations> = NonNullable<operations[Operation]['parameters']['query']>

/** The same parameters, some of which may be given as a list, or as the one thing that would be in it. */
export type WithLists<Q, Lists extends { [Name in keyof Q]?: string }> = Omit<Q, keyof Lists> & {
  [Name in keyof Lists]?: Lists[Name] | readonly Exclude<Lists[Name], undefined>[]
}

/** Names of nodes may hold commas: each is a parameter of its own. */
const REPEATED: ReadonlySet<string> = new Set(['nodeRef'])

/** As the API takes them: lists of what holds no comma as one text. What is not given is left out. */
export function asParameters<Q extends object>(query: object): Q {
  return Object.fromEntries(
    Object.entries(query as Record<string, unknown>)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [
        name,
        REPEATED.has(name) ? [value].flat() : Array.isArray(value) ? value.join(',') : value,
      ]),
  ) as Q
}
