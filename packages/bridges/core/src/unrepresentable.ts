// Values that are JSON but that a store can't hold: a NUL character, half of a surrogate pair.

// One of these escapes must be in the text for such a value to be in the record, since the bytes are valid UTF-8
// and JSON allows no bare NUL.
const SUSPECT_ESCAPE = /\\u(?:0000|[dD][89a-fA-F])/

const LONE_SURROGATE = /\p{Surrogate}/u

/** Cheap test that is true for every record that may hold a NUL or a lone surrogate. */
export function maybeUnrepresentable(text: string): boolean {
  return SUSPECT_ESCAPE.test(text)
}

/** Names the first field that holds a NUL (where `nul` forbids it) or a lone surrogate; undefined when there is none. */
export function unrepresentableField(value: unknown, forbidden: { nul: boolean }): string | undefined {
  const stack: { value: unknown; path: string }[] = [{ value, path: '' }]
  for (let item = stack.pop(); item; item = stack.pop()) {
    const fault = typeof item.value === 'string' ? faultOf(item.value, forbidden) : undefined
    if (fault) return `${item.path} holds ${fault}`
    if (typeof item.value !== 'object' || item.value === null) continue
    for (const [key, child] of Object.entries(item.value)) {
      const inKey = faultOf(key, forbidden)
      if (inKey) return `A key in ${item.path || 'the record'} holds ${inKey}`
      stack.push({ value: child, path: item.path ? `${item.path}.${key}` : key })
    }
  }
  return undefined
}

function faultOf(text: string, forbidden: { nul: boolean }): string | undefined {
  if (forbidden.nul && text.includes('\0')) return 'a NUL character (U+0000)'
  return LONE_SURROGATE.test(text) ? 'half of a surrogate pair' : undefined
}
