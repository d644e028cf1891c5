// Loki's PushRequest in protobuf, laid out by hand
// (https://github.com/grafana/loki/blob/main/pkg/push/push.proto):
//
//   PushRequest { repeated Stream streams = 1 }
//   Stream      { string labels = 1; repeated Entry entries = 2; uint64 hash = 3 }
//   Entry       { google.protobuf.Timestamp timestamp = 1; string line = 2; repeated LabelPair structuredMetadata = 3 }
//   LabelPair   { string name = 1; string value = 2 }
//   Timestamp   { int64 seconds = 1; int32 nanos = 2 }

import protobuf from 'protobufjs/minimal.js'
import type { LokiEntry } from './entry.ts'

// Field number and wire type: `number << 3 | type`; 0 is a varint, 2 is length-delimited.
const FIELD_1_BYTES = 10
const FIELD_2_BYTES = 18
const FIELD_3_BYTES = 26
const FIELD_1_VARINT = 8
const FIELD_2_VARINT = 16

/** Streams in the order of their first entry, entries of a stream in their given order. */
export function encodePushRequest(entries: readonly LokiEntry[]): Uint8Array {
  const streams = new Map<string, LokiEntry[]>()
  for (const entry of entries) {
    const stream = streams.get(entry.labels)
    if (stream) stream.push(entry)
    else streams.set(entry.labels, [entry])
  }
  const writer = protobuf.Writer.create()
  for (const [labels, own] of streams) {
    writer.uint32(FIELD_1_BYTES).fork().uint32(FIELD_1_BYTES).string(labels)
    for (const entry of own) writeEntry(writer, entry)
    // `hash` stays 0: Loki computes its own.
    writer.ldelim()
  }
  return writer.finish()
}

function writeEntry(writer: protobuf.Writer, { timestamp, line, metadata }: LokiEntry): void {
  writer.uint32(FIELD_2_BYTES).fork()
  writer.uint32(FIELD_1_BYTES).fork()
  if (timestamp.seconds !== 0) writer.uint32(FIELD_1_VARINT).int64(timestamp.seconds)
  if (timestamp.nanos !== 0) writer.uint32(FIELD_2_VARINT).int32(timestamp.nanos)
  writer.ldelim()
  writer.uint32(FIELD_2_BYTES).bytes(line)
  for (const [name, value] of metadata) {
    writer.uint32(FIELD_3_BYTES).fork().uint32(FIELD_1_BYTES).string(name).uint32(FIELD_2_BYTES).string(value).ldelim()
  }
  writer.ldelim()
}

/** About how many bytes an entry takes in a request. */
export function entryBytes({ line, metadata, labels }: LokiEntry): number {
  let bytes = line.length + labels.length + 24
  for (const [name, value] of metadata) bytes += name.length + value.length + 6
  return bytes
}
