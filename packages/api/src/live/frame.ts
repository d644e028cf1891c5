// What a live reader gets: frames, and how they look on the wire of Server-Sent Events and of a WebSocket.

import { deflateRawSync, constants } from 'node:zlib'

export type FrameType = 'status' | 'trace' | 'log' | 'gap' | 'done' | 'problem'

export interface Frame {
  type: FrameType
  /** Cursor after it; missing where it does not move the reader's place. */
  id: string | undefined
  /** JSON. */
  data: string
  /** The record's own time in milliseconds since the epoch, where its latency is to be measured. */
  recordMs?: number
}

/**
 * Frames that are written together. One chunk goes to many readers, so each of its forms is made once, when it is first
 * asked for.
 */
export class Chunk {
  readonly frames: readonly Frame[]
  #events: Buffer | undefined
  #deflated: Buffer | undefined
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
  return deflateRawSync(bytes, { level: 1, finishFlush: constants.Z_SYNC_FLUSH })
}

function eventText({ type, id, data }: Frame): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${data}\n\n`
}

function messageText({ type, id, data }: Frame): string {
  return `{"event":"${type}"${id === undefined ? '' : `,"id":"${id}"`},"data":${data}}`
}
