// Loki's PushRequest in protobuf, laid out by hand
// (https://github.com/grafana/loki/blob/main/pkg/push/push.proto):
//
//   PushRequest { repeated Stream streams = 1 }
//   Stream      { string labels = 1; repeated Entry entries = 2; uint64 hash = 3 }
//   Entry       { google.protobuf.Timestamp timestamp = 1; string line = 2; repeated LabelPair structuredMetadata = 3 }
//   LabelPair   { string name = 1; string value = 2 }
//   Timestamp   { int64 seconds = 1; int32 nanos = 2 }
//
// By hand, because a library's writer cost more than all else in the way of a line: sizes are counted first, so that
// nothing grows and nothing is copied twice.

import type { LabelPairs } from '@runlight/contracts/labels'
import type { Instant } from '@runlight/contracts/time'
import type { LokiEntry } from './entry.ts'

// Field number and wire type: `number << 3 | type`; 0 is a varint, 2 is length-delimited.
const FIELD_1_BYTES = 10
const FIELD_2_BYTES = 18
const FIELD_3_BYTES = 26
const FIELD_1_VARINT = 8
const FIELD_2_VARINT = 16

/** Below this a loop is quicker than a call into native code. */
const SHORT_TEXT = 24

let scratch = Buffer.allocUnsafeSlow(2 * 1024 * 1024)
let at = 0

/** One stream with its entries in their order. The result is valid until the next call. */
export function encodePushRequest(labels: string, entries: readonly LokiEntry[]): Buffer {
  const labelBytes = Buffer.byteLength(labels)
  let stream = fieldBytes(labelBytes)
  for (const { bytes } of entries) stream += fieldBytes(bytes)
  const total = fieldBytes(stream)
  if (scratch.length < total) scratch = Buffer.allocUnsafeSlow(total)
  at = 0
  writeHead(FIELD_1_BYTES, stream)
  writeText(FIELD_1_BYTES, labels, labelBytes)
  // `hash` stays 0: Loki computes its own.
  for (const entry of entries) writeEntry(entry)
  return scratch.subarray(0, at)
}

/** How many bytes an entry takes in a request, without its own head. */
export function entryBytes(timestamp: Instant, line: Uint8Array, metadata: LabelPairs): number {
  let bytes = fieldBytes(timestampBytes(timestamp)) + fieldBytes(line.length)
  for (const [name, value] of metadata) bytes += fieldBytes(pairBytes(name, value))
  return bytes
}

function pairBytes(name: string, value: string): number {
  return fieldBytes(Buffer.byteLength(name)) + fieldBytes(Buffer.byteLength(value))
}

function timestampBytes({ seconds, nanos }: Instant): number {
  const head = seconds === 0 ? 0 : 1 + int64Bytes(seconds)
  return nanos === 0 ? head : head + 1 + varintBytes(nanos)
}

/** A field that has a length: its head and its content. */
function fieldBytes(content: number): number {
  return 1 + varintBytes(content) + content
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** A negative number takes all ten bytes. */
function int64Bytes(value: number): number {
  return value < 0 ? 10 : varintBytes(value)
}

function writeEntry({ timestamp, line, metadata, bytes }: LokiEntry): void {
  writeHead(FIELD_2_BYTES, bytes)
  writeHead(FIELD_1_BYTES, timestampBytes(timestamp))
  if (timestamp.seconds !== 0) {
    scratch[at++] = FIELD_1_VARINT
    writeInt64(timestamp.seconds)
  }
  if (timestamp.nanos !== 0) {
    scratch[at++] = FIELD_2_VARINT
    writeVarint(timestamp.nanos)
  }
  writeHead(FIELD_2_BYTES, line.length)
  scratch.set(line, at)
  at += line.length
  for (const [name, value] of metadata) {
    const [nameBytes, valueBytes] = [Buffer.byteLength(name), Buffer.byteLength(value)]
    writeHead(FIELD_3_BYTES, fieldBytes(nameBytes) + fieldBytes(valueBytes))
    writeText(FIELD_1_BYTES, name, nameBytes)
    writeText(FIELD_2_BYTES, value, valueBytes)
  }
}

function writeHead(tag: number, bytes: number): void {
  scratch[at++] = tag
  writeVarint(bytes)
}

function writeText(tag: number, text: string, bytes: number): void {
  writeHead(tag, bytes)
  if (bytes === text.length && bytes <= SHORT_TEXT) {
    for (let index = 0; index < bytes; index++) scratch[at + index] = text.charCodeAt(index)
  } else scratch.write(text, at, 'utf8')
  at += bytes
}

function writeVarint(value: number): void {
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) scratch[at++] = (rest & 0x7f) | 0x80
  scratch[at++] = rest
}

function writeInt64(value: number): void {
  if (value >= 0) {
    writeVarint(value)
    return
  }
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 0x7fn; rest >>= 7n) scratch[at++] = Number(rest & 0x7fn) | 0x80
  scratch[at++] = Number(rest)
}
