// What was sent against what is stored: nothing lost, nothing doubled, nothing invented.

export interface Difference {
  lost: string[]
  doubled: string[]
  invented: string[]
}

/** Compares two lists of identities (`<producer id>#<seq>`) as multisets; `sent` is expected to hold each once. */
export function compareIdentities(sent: Iterable<string>, stored: Iterable<string>): Difference {
  const counts = new Map<string, number>()
  for (const identity of stored) counts.set(identity, (counts.get(identity) ?? 0) + 1)
  const expected = new Set(sent)
  return {
    lost: [...expected].filter((identity) => !counts.has(identity)),
    doubled: [...counts].filter(([, count]) => count > 1).map(([identity]) => identity),
    invented: [...counts.keys()].filter((identity) => !expected.has(identity)),
  }
}

export const NO_DIFFERENCE: Difference = { lost: [], doubled: [], invented: [] }

/** One record's identity as a text. */
export function identity(producerId: string, seq: number | bigint | string): string {
  return `${producerId}#${seq}`
}
