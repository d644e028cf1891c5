// What a live reader gets: frames, and how they look on the wire of Server-Sent Events and of a WebSocket.

import { deflateRawSync, constants } from 'node:zlib'
import { checksumOf } from './checksum.ts'
import type { Checksum } from './checksum.ts'

export type FrameType = 'status' | 'trace' | 'log' | 'gap' | 'done' | 'problem'

export interface Frame {
  type: FrameType
  /** Cursor after it; missing where it does not move the reader's place. */
  id: string | undefined
  /** JSON. */
  data: string
  /** The record's own time in milliseconds since the epoch, where its latency is to be measured. */
  recordMs?: number | undefined
}

/**
 * Frames that are written together. One chunk goes to many readers, so each of its forms is made once, when it is first
 * asked for.
 */
export class Chunk {
  readonly frames: readonly Frame[]
  #events: Buffer | undefined
  #deflated: Buffer | undefined
  #checksum: Checksum | undefined
  #messages: readonly string[] | undefined
  #measured = false

  constructor(frames: readonly Frame[]) {
    this.frames = frames
  }

  /** As Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream). */
  get events(): Buffer {
    return (this.#events ??= Buffer.from(this.frames.map(eventText).join('')))
  }

  /** The same as a piece of a deflate stream that needs nothing of the pieces before it, and ends on a byte. */
  get deflated(): Buffer {
    return (this.#deflated ??= deflatePiece(this.events))
  }

  /** Of the events. */
  get checksum(): Checksum {
    return (this.#checksum ??= checksumOf(this.events))
  }

  /** As messages of a WebSocket, one JSON object each. */
  get messages(): readonly string[] {
    return (this.#messages ??= this.frames.map(messageText))
  }

  /** Tells, when it is first called, how long ago the records of the chunk were made. */
  measure(nowMs: number, observe: (milliseconds: number) => void): void {
    if (this.#measured) return
    this.#measured = true
    for (const { recordMs } of this.frames) if (recordMs !== undefined) observe(Math.max(0, nowMs - recordMs))
  }
}

export function deflatePiece(bytes: Uint8Array): Buffer {
  // The result is cut from one piece of memory of this size, 16 KiB if not said, which lives as long as it.
  const chunkSize = bytes.length + DEFLATE_OVERHEAD
  return deflateRawSync(bytes, { level: 1, finishFlush: constants.Z_SYNC_FLUSH, chunkSize })
}

/** More than deflate adds to bytes that can't get smaller: some for each 16 KiB, and the flush. */
const DEFLATE_OVERHEAD = 256
const MOST_STORED = 65_535

/**
 * A piece of a deflate stream that holds the bytes as they are (https://www.rfc-editor.org/rfc/rfc1951#page-11): for a few
 * bytes that would not get smaller, such as a cursor, and are written for each reader by itself.
 */
export function storedPiece(bytes: Uint8Array): Buffer {
  if (bytes.length > MOST_STORED) return deflatePiece(bytes)
  const piece = Buffer.allocUnsafe(5 + bytes.length)
  piece[0] = 0
  piece.writeUInt16LE(bytes.length, 1)
  piece.writeUInt16LE(~bytes.length & 0xffff, 3)
  piece.set(bytes, 5)
  return piece
}

function eventText({ type, id, data }: Frame): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${data}\n\n`
}

function messageText({ type, id, data }: Frame): string {
  return `{"event":"${type}"${id === undefined ? '' : `,"id":"${id}"`},"data":${data}}`
}
