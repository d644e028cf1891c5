// The line of a record in Loki, cut where Loki would refuse it.

import type { EntrySettings, LogRecord } from './entry.ts'

/** The record as it was on the bus, or its message; what is above the limit is cut and says so. */
export function cutLine(
  record: LogRecord,
  { lines, lineLimit }: Pick<EntrySettings, 'lines' | 'lineLimit'>,
): { line: Uint8Array; cut: boolean } {
  const whole = lines === 'plain' ? Buffer.from(record.body.message) : record.value
  if (whole.length <= lineLimit) return { line: whole, cut: false }
  const text = lines === 'plain' ? cutText(whole, lineLimit) : cutRecord(record, lineLimit)
  return { line: Buffer.from(text), cut: true }
}

// Still one JSON record, so that a reader need not know: first the message gives way, then the metadata.
function cutRecord({ body, value }: LogRecord, limit: number): string {
  const { metadata, ...rest } = body
  const message = Buffer.from(body.message)
  const shapes = [
    { ...rest, ...(metadata ? { metadata } : {}) },
    { ...rest, metadata: { cut: `${value.length} bytes` } },
  ]
  for (const shape of shapes) {
    const framed = { ...shape, message: '' }
    // Megabytes are not written out only to be thrown away.
    const frame = isLonger(framed, limit) ? undefined : jsonBytes(framed)
    if (frame === undefined) continue
    // A character of the message takes up to six bytes as an escape, so the room may have to shrink.
    for (let room = limit - frame; room > MARKER_ROOM; room = Math.floor(room / 2)) {
      const text = message.length <= room ? body.message : cutText(message, room)
      const json = JSON.stringify({ ...shape, message: text })
      if (Buffer.byteLength(json) <= limit) return json
    }
  }
  const { schemaVersion, type, timestamp, level, stream } = body
  const bare = { schemaVersion, type, timestamp, level, stream, metadata: { cut: `${value.length} bytes` } }
  return JSON.stringify({ ...bare, message: cutText(message, limit / 8) })
}

const MARKER_ROOM = 64

/** Is a value certainly longer than this as JSON? Looks at no more of it than it takes to know. */
function isLonger(value: object, limit: number): boolean {
  let bytes = 0
  const left: unknown[] = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next === 'string') bytes += next.length
    else if (Array.isArray(next)) {
      // An element takes two characters at the least.
      bytes += 2 * next.length
      if (bytes <= limit) left.push(...(next as unknown[]))
    } else if (typeof next === 'object') {
      for (const key in next) {
        bytes += key.length + 4
        if (bytes > limit) return true
        left.push((next as Record<string, unknown>)[key])
      }
    }
    if (bytes > limit) return true
  }
  return false
}

function jsonBytes(value: unknown): number | undefined {
  try {
    return Buffer.byteLength(JSON.stringify(value))
  } catch {
    // Nested too deep for JSON.stringify.
    return undefined
  }
}

/** The beginning of a text with a marker that tells how much is missing; at most `limit` bytes, on a character's border. */
export function cutText(text: Buffer, limit: number): string {
  let end = Math.max(0, Math.min(text.length, limit - MARKER_ROOM))
  while (end > 0 && end < text.length && ((text[end] as number) & 0xc0) === 0x80) end--
  return `${text.toString('utf8', 0, end)}… [cut, ${text.length - end} bytes more]`
}
