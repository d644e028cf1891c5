// Timestamps of records: RFC 3339 to the nanosecond, strictly increasing within the process.

/** Where the time comes from, in milliseconds. */
export interface TimeSource {
  /** Time since the Unix epoch; may jump. */
  wall: () => number
  /** Time since any moment, with a fraction; never goes back. */
  monotonic: () => number
}

/** Gives the time of a record; each call gives a later time than the one before. */
export type Clock = () => string

/** Farther apart than this, the wall clock has been set, and the monotonic one is anchored to it again. */
const TOLERANCE_MS = 5

const system: TimeSource = { wall: Date.now, monotonic: () => performance.now() }

/**
 * A clock with the resolution of the monotonic clock (microseconds) that follows the wall clock, but never backwards.
 *
 * The last three of the nine digits count the calls within one microsecond, from 1. They never end in 0: a store may
 * take trailing zeros for missing precision and fill them (contracts/time.ts, fractionDigits), which would change
 * the order of two records of one microsecond.
 */
export function createClock(source: TimeSource = system): Clock {
  let anchorWall = source === system ? performance.timeOrigin : source.wall()
  let anchorMonotonic = source === system ? 0 : source.monotonic()
  let lastMicros = 0
  let count = 0
  let headSecond = -1
  let head = ''
  return () => {
    const wall = source.wall()
    const monotonic = source.monotonic()
    let millis = anchorWall + (monotonic - anchorMonotonic)
    if (Math.abs(millis - wall) > TOLERANCE_MS) {
      anchorWall = wall
      anchorMonotonic = monotonic
      millis = wall
    }
    const micros = Math.floor(millis * 1000)
    if (micros > lastMicros) {
      lastMicros = micros
      count = 1
    } else if (++count % 10 === 0 && ++count > 999) {
      lastMicros++
      count = 1
    }
    const second = Math.floor(lastMicros / 1_000_000)
    if (second !== headSecond) {
      headSecond = second
      head = new Date(second * 1000).toISOString().slice(0, 20).replace('.', '')
    }
    // A leading 1 keeps the zeros; it is cut off again.
    const fraction = 1_000_000_000 + (lastMicros - second * 1_000_000) * 1000 + count
    return `${head}.${String(fraction).slice(1)}Z`
  }
}

/** The clock of the process: one for all producers, so that their records have one order. */
export const processClock: Clock = createClock()
