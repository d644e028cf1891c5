// How large the JSON of a value would be at least, without making it.

/** Deeper values are left to whoever serialises them. */
const MOST_LEVELS = 500

/**
 * Is the JSON of the value longer than `limit` characters for certain? Looks at about `limit` characters at most. What
 * it can't tell, such as what a `toJSON` makes or a getter throws, is not.
 */
export function isLargerThan(value: unknown, limit: number): boolean {
  try {
    return left(value, limit, []) < 0
  } catch {
    return false
  }
}

/** What is left of `room` characters after a value; less than 0 as soon as there is nothing left. */
function left(value: unknown, room: number, ancestors: readonly object[]): number {
  if (typeof value === 'string') return room - value.length - 2
  if (typeof value !== 'object' || value === null) return room - 1
  if (ArrayBuffer.isView(value)) return room - 2 * value.byteLength
  if ('toJSON' in value || ancestors.includes(value) || ancestors.length > MOST_LEVELS) return room - 2
  const within = [...ancestors, value]
  let rest = room - 2
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && rest >= 0; index++) rest = left(value[index], rest - 1, within)
    return rest
  }
  for (const key in value) {
    if (rest < 0) return rest
    const content = (value as Record<string, unknown>)[key]
    // Left out of the JSON.
    if (content === undefined || typeof content === 'function' || !Object.hasOwn(value, key)) continue
    rest = left(content, rest - key.length - 4, within)
  }
  return rest
}
