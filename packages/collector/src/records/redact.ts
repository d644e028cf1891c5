// No credential of the stack leaves a log: not even where a component has printed it.

export const REDACTED = '[redacted]'

/** Shorter texts would be found in the middle of words. */
const SHORTEST = 8

/** Replaces what must not be shipped in a line, before anything is read from it; `onFound` counts. */
export type Redactor = (line: string) => string

/**
 * Knows the credentials themselves, so it finds each wherever it stands.
 * @param credentials in clear
 * @param onFound told of each replacement
 */
export function createRedactor(credentials: readonly string[], onFound: () => void): Redactor {
  const known = [...new Set(credentials.flatMap(forms))].filter((text) => text.length >= SHORTEST)
  if (known.length === 0) return (line) => line
  // Longest first: a credential may begin with another.
  const pattern = new RegExp(
    known
      .sort((a, b) => b.length - a.length)
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('|'),
    'g',
  )
  return (line) =>
    line.replace(pattern, () => {
      onFound()
      return REDACTED
    })
}

/** As it is, and as it stands in a JSON string or in an address. */
function forms(credential: string): string[] {
  return [credential, JSON.stringify(credential).slice(1, -1), encodeURIComponent(credential)]
}
