// Lengths of time for people.

const MS = 1_000_000n
const SECOND = 1_000_000_000n
const MINUTE = 60n * SECOND
const HOUR = 60n * MINUTE

/** `0.4 ms`, `123 ms`, `2.41 s`, `3 min 05 s`, `2 h 03 min`: about three digits that count. */
export function formatDuration(nanos: bigint): string {
  if (nanos < 10n * MS) return `${(Number(nanos) / 1e6).toFixed(1)} ms`
  if (nanos < SECOND) return `${nanos / MS} ms`
  if (nanos < MINUTE) return `${(Number(nanos / MS) / 1000).toFixed(nanos < 10n * SECOND ? 2 : 1)} s`
  if (nanos < HOUR) return `${nanos / MINUTE} min ${two((nanos % MINUTE) / SECOND)} s`
  return `${nanos / HOUR} h ${two((nanos % HOUR) / MINUTE)} min`
}

function two(number: bigint): string {
  return String(number).padStart(2, '0')
}
