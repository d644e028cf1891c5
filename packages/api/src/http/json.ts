// JSON as text: what the store holds as JSON is passed on as it is, so that numbers keep digits that a double would
// lose, and nothing nests too deep.

declare const shape: unique symbol

/** The JSON text of a value of type T. */
export type Json<T> = string & { readonly [shape]?: T }

/** The same in UTF-8. */
export type JsonBytes<T> = Buffer & { readonly [shape]?: T }

export function json<T>(value: T): Json<T> {
  return JSON.stringify(value)
}

/** What may be written as T: a member that is undefined is left out. */
export type Written<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** The JSON text of an object, some members of which are JSON text already; a missing or null member is left out. */
export function jsonWith<T extends object>(
  value: Written<T>,
  members: { readonly [K in keyof T]?: Json<T[K]> | null | undefined },
): Json<T> {
  let text = JSON.stringify(value)
  for (const name in members) {
    const member = members[name]
    if (typeof member !== 'string') continue
    text = `${text.slice(0, -1)}${text.length > 2 ? ',' : ''}${JSON.stringify(name)}:${member}}`
  }
  return text
}

export function jsonArray<T>(items: readonly Json<T>[]): Json<T[]> {
  return `[${items.join(',')}]`
}
