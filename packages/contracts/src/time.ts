// Time to the nanosecond without a JS Date or a double in between.

/** A moment: whole seconds since the Unix epoch (may be negative) and nanoseconds within the second, 0 to 999,999,999. */
export interface Instant {
  seconds: number
  nanos: number
}

/** RFC 3339 with up to nine fractional digits and an offset or Z (https://www.rfc-editor.org/rfc/rfc3339#section-5.6). */
export const RFC3339_PATTERN =
  '^\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])[Tt](?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d{1,9})?(?:[Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)$'

const RFC3339 = new RegExp(RFC3339_PATTERN)

// Nanoseconds since the epoch must fit a signed 64-bit integer, in Loki and in Postgres.
const MIN_SECONDS = -9_223_372_036
const MAX_SECONDS = 9_223_372_035

/**
 * Reads an RFC 3339 text to the nanosecond. A leap second counts as the first of the next minute.
 * Gives undefined for anything else: another form, a day that the month does not have, or a time
 * outside what 64 bits of nanoseconds can hold (1677-09-21 to 2262-04-11).
 */
export function parseInstant(text: string): Instant | undefined {
  if (!RFC3339.test(text)) return undefined
  const dot = text.charCodeAt(19) === 46
  let end = 19
  let nanos = 0
  if (dot) {
    end = 20
    while (end < text.length && isDigit(text.charCodeAt(end))) end++
    nanos = Number(text.slice(20, end).padEnd(9, '0'))
  }
  const day = Number(text.slice(8, 10))
  const midnight = Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, day) / 1000
  if (day > 28 && new Date(midnight * 1000).getUTCDate() !== day) return undefined
  const seconds =
    midnight +
    Number(text.slice(11, 13)) * 3600 +
    Number(text.slice(14, 16)) * 60 +
    Number(text.slice(17, 19)) -
    offsetSeconds(text, end)
  // Date.UTC reads the years 0 to 99 as 1900 to 1999; all of them lie outside the range anyway.
  if (text.startsWith('00') || seconds < MIN_SECONDS || seconds > MAX_SECONDS) return undefined
  return { seconds, nanos }
}

function offsetSeconds(text: string, at: number): number {
  const sign = text.charCodeAt(at)
  if (sign !== 43 && sign !== 45) return 0
  const offset = Number(text.slice(at + 1, at + 3)) * 3600 + Number(text.slice(at + 4, at + 6)) * 60
  return sign === 45 ? -offset : offset
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Milliseconds since the epoch (as Kafka's append time and Date.now() give them) as an instant. */
export function instantFromMillis(millis: number): Instant {
  const seconds = Math.floor(millis / 1000)
  return { seconds, nanos: (millis - seconds * 1000) * 1_000_000 }
}

/** Nanoseconds since the epoch, as Postgres columns and Loki queries hold them. */
export function instantToNanos(instant: Instant): bigint {
  return BigInt(instant.seconds) * 1_000_000_000n + BigInt(instant.nanos)
}

export function instantFromNanos(nanos: bigint): Instant {
  const inSecond = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return { seconds: Number((nanos - inSecond) / 1_000_000_000n), nanos: Number(inSecond) }
}

/** The second that was formatted last: the records of a page, or of a batch, lie close together. */
let formatted = { seconds: 0, text: '1970-01-01T00:00:00' }

/** RFC 3339 in UTC with 0, 3, 6 or 9 fractional digits: as many as are needed to lose nothing. */
export function formatInstant(instant: Instant): string {
  const { seconds } = instant
  if (formatted.seconds !== seconds) {
    formatted = { seconds, text: new Date(seconds * 1000).toISOString().slice(0, 19) }
  }
  const head = formatted.text
  if (instant.nanos === 0) return `${head}Z`
  let fraction = String(instant.nanos).padStart(9, '0')
  while (fraction.endsWith('000')) fraction = fraction.slice(0, -3)
  return `${head}.${fraction}Z`
}

/** Negative, zero or positive, as for Array.prototype.sort. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.nanos - b.nanos
}

/** How far a record's own time may lie before its append time and still order it, in seconds. */
export const EFFECTIVE_PAST_SECONDS = 25 * 60
/** How far a record's own time may lie after its append time and still order it, in seconds. */
export const EFFECTIVE_FUTURE_SECONDS = 5 * 60

/** The time by which a record is ordered; `skewed` when its own time was too far from the append time to be used. */
export interface EffectiveTime {
  instant: Instant
  skewed: boolean
}

/**
 * A record's own time if it lies within 25 minutes before and 5 minutes after the append time, else the append time.
 * Depends on the record and its append time alone, so every sink and every repeat computes the same.
 */
export function effectiveTime(own: Instant, append: Instant): EffectiveTime {
  const tooOld = compareInstants(own, { seconds: append.seconds - EFFECTIVE_PAST_SECONDS, nanos: append.nanos }) < 0
  const tooNew = compareInstants(own, { seconds: append.seconds + EFFECTIVE_FUTURE_SECONDS, nanos: append.nanos }) > 0
  return tooOld || tooNew ? { instant: append, skewed: true } : { instant: own, skewed: false }
}

/** Digits of a second that a source knows: it counts in milliseconds, microseconds or nanoseconds. */
export type FractionDigits = 3 | 6 | 9

/**
 * How fine the source's clock is, told by how its time is written (RFC 3339): the digits of the fraction, filled up to
 * three, six or nine; three zeros at the end of nine are no precision. Which digits are zero in one time tells nothing:
 * .120 and .123450 are times of sources that know milliseconds and microseconds.
 */
export function fractionDigits(text: string): FractionDigits {
  let end = 20
  if (text.charCodeAt(19) !== 46) return 3
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  if (end <= 23) return 3
  if (end <= 26) return 6
  return text.slice(26, end).padEnd(3, '0') === '000' ? 6 : 9
}

/**
 * The time with the digits that its source does not know filled from the record's offset, so that records of one moment
 * of the source keep their order in a store that sorts by nanosecond, and stay before the source's next moment.
 * Of a time to the nanosecond nothing is left to fill. Where the offset's own digits begin anew (every thousandth, for
 * microseconds), records of one moment on both sides of it change places.
 */
export function fillBelowPrecision(instant: Instant, offset: bigint, digits: FractionDigits): Instant {
  const unit = 10 ** (9 - digits)
  return { seconds: instant.seconds, nanos: instant.nanos - (instant.nanos % unit) + Number(offset % BigInt(unit)) }
}
