// JSON as text: what the store holds as JSON is passed on as it is, so that numbers keep digits that a double would
// lose, and nothing nests too deep.

declare const shape: unique symbol

/** The JSON text of a value of type T. */
export type Json<T> = string & { readonly [shape]?: T }

export function json<T>(value: T): Json<T> {
  return JSON.stringify(value)
}

/** The JSON text of an object, some members of which are JSON text already; a missing or null member is left out. */
export function jsonWith<T extends object>(
  value: Partial<T>,
  members: { readonly [K in keyof T]?: Json<T[K]> | null | undefined },
): Json<T> {
  let text = JSON.stringify(value).slice(0, -1)
  for (const [name, member] of Object.entries(members)) {
    if (typeof member !== 'string') continue
    text += `${text.length > 1 ? ',' : ''}${JSON.stringify(name)}:${member}`
  }
  return `${text}}`
}

export function jsonArray<T>(items: readonly Json<T>[]): Json<T[]> {
  return `[${items.join(',')}]`
}
