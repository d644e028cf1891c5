// Times as log formats write them, in RFC 3339.

import { formatInstant, instantFromNanos, parseInstant } from '@runlight/contracts/time'

const DATE_AND_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$/i

/**
 * A date with time and zone, as RFC 3339; undefined where it is none, or where its zone is a local abbreviation (CET),
 * which does not say which instant it is. Without a zone it is taken as the local time of this machine, whose files
 * are read here.
 */
export function timestampOf(text: string): string | undefined {
  const match = DATE_AND_TIME.exec(text)
  if (!match) return undefined
  const [, date, time, fraction, zone] = match
  const offset = zone === undefined ? localOffset(`${date}T${time}`) : offsetOf(zone)
  const timestamp = `${date}T${time}${fraction === undefined ? '' : `.${fraction}`}${offset}`
  return parseInstant(timestamp) === undefined ? undefined : timestamp
}

function localOffset(time: string): string {
  const minutes = -new Date(time).getTimezoneOffset()
  if (minutes === 0) return 'Z'
  const digits = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${digits(Math.abs(minutes) / 60)}:${digits(Math.abs(minutes) % 60)}`
}

function offsetOf(zone: string): string {
  if (!/^[+-]/.test(zone)) return 'Z'
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`
}

/** Seconds, milliseconds, microseconds or nanoseconds since the epoch: by its size, which one is meant is certain. */
export function timestampOfNumber(value: number): string | undefined {
  if (!Number.isFinite(value) || value < 1e8 || value >= 1e19) return undefined
  const unit = value < 1e11 ? 1e9 : value < 1e14 ? 1e6 : value < 1e17 ? 1e3 : 1
  // A double holds microseconds of our days, no more.
  return formatInstant(instantFromNanos(BigInt(Math.round((value * unit) / 1000)) * 1000n))
}
