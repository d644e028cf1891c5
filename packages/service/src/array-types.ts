// Arrays for postgres.js without asking each server which types are arrays: with `fetch_types` the driver asks at every
// new connection, and a connection that is lost meanwhile ends the process by a rejection that nobody can catch
// (https://github.com/porsager/postgres/issues/1192).

interface ArrayType {
  to: number
  from: number[]
  serialize: (items: readonly unknown[]) => string
  parse: (literal: string) => string[]
}

// Numbers of the built-in types (https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat).
const NUMBERS = { text: 1009, int4: 1007, int8: 1016, timestamptz: 1185 }

/** For the driver's option `types`, with `fetch_types: false`. What is read are the items' texts. */
export const ARRAY_TYPES: Record<string, ArrayType> = Object.fromEntries(
  Object.entries(NUMBERS).map(([name, number]) => [
    `${name}Array`,
    { to: number, from: [number], serialize: arrayLiteral, parse: arrayItems },
  ]),
)

/** The items as the server reads an array (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO). */
export function arrayLiteral(items: readonly unknown[]): string {
  return `{${items.map((item) => (item === null ? 'NULL' : quoted(String(item)))).join(',')}}`
}

function quoted(item: string): string {
  return `"${item.replace(/["\\]/g, '\\$&')}"`
}

/** The items of an array of one dimension that has none that is null. */
export function arrayItems(literal: string): string[] {
  return Array.from(literal.matchAll(/"((?:[^"\\]|\\.)*)"|[^",{}]+/gs), ([plain, inner]) =>
    inner === undefined ? plain : inner.replace(/\\(.)/gs, '$1'),
  )
}
