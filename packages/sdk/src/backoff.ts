// How long to wait before a send is repeated.

const FIRST_MS = 100

/**
 * Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): anything up to a bound that
 * doubles with each failure, so that many processes don't come back at the same moment.
 *
 * @param failures in a row, from 1
 * @returns milliseconds
 */
export function backoffMs(failures: number, maxMs: number, random: () => number = Math.random): number {
  return random() * Math.min(maxMs, FIRST_MS * 2 ** failures)
}
