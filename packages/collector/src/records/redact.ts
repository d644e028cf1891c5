// No secret leaves a log: neither a credential of the stack, which is known, nor what looks like one.

import { KeyLines } from '@runlight/sdk/redaction/key-lines'
import { REDACTED, Redactor } from '@runlight/sdk/redaction/redactor'

/** Shorter texts would be found in the middle of words. */
const SHORTEST = 8

export interface LogRedactor {
  /** A line, before anything is read from it. */
  line: (line: string) => string
  /** What was read from a line; a field may be secret by its name. */
  metadata: (metadata: Record<string, unknown>) => Record<string, unknown>
}

/**
 * For the lines of one log, in their order: a private key goes over many of them.
 * @param credentials in clear: each is found wherever it stands
 * @param onFound told of each replacement
 */
export function createRedactor(credentials: readonly string[], onFound: () => void): LogRedactor {
  const wellKnown = new Redactor()
  const keyLines = new KeyLines(wellKnown)
  const tally = (_: string, count: number): void => {
    for (let found = 0; found < count; found++) onFound()
  }
  const known = knownTexts(credentials)
  return {
    line: (line) => {
      const clean = known === undefined ? line : line.replace(known, () => (onFound(), REDACTED))
      return keyLines.line('', clean, tally)
    },
    metadata: (metadata) => {
      const json = JSON.stringify(metadata)
      const clean = wellKnown.json(json, tally)
      return clean === json ? metadata : (JSON.parse(clean) as Record<string, unknown>)
    },
  }
}

function knownTexts(credentials: readonly string[]): RegExp | undefined {
  const texts = [...new Set(credentials.flatMap(forms))].filter((text) => text.length >= SHORTEST)
  if (texts.length === 0) return undefined
  // Longest first: a credential may begin with another.
  const literals = texts.sort((a, b) => b.length - a.length).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(literals.join('|'), 'g')
}

/** As it is, and as it stands in a JSON string or in an address. */
function forms(credential: string): string[] {
  return [credential, JSON.stringify(credential).slice(1, -1), encodeURIComponent(credential)]
}
