// Names for what the OpenAPI document describes.

import type { components, operations } from './api-schema.generated.ts'

/** A shape of the document, such as `LogPage`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

/** Parameters of an operation besides those in its path. */
export type Query<Operation extends keyof operations> = NonNullable<operations[Operation]['parameters']['query']>

/** The same parameters, some of which may be given as a list instead of a comma-separated text. */
export type WithLists<Q, Lists extends { [Name in keyof Q]?: string }> = Omit<Q, keyof Lists> & {
  [Name in keyof Lists]?: Lists[Name] | readonly Exclude<Lists[Name], undefined>[]
}

/** Lists as the comma-separated texts that the API takes. What is not given is left out. */
export function commaSeparated<Q extends object>(query: object): Q {
  return Object.fromEntries(
    Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  ) as Q
}
