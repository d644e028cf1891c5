// Server-Sent Events: a stream of chunks as the answer of a request, at the pace at which it is read.

import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import { crc32, deflateRawSync } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Chunk, storedPiece } from '../live/frame.ts'
import type { OpenStream } from '../live/live.ts'

/** A reader that takes nothing for this long is gone, in milliseconds. */
const STALLED_MS = 120_000
/** How soon a browser comes back after the connection was lost, in milliseconds. */
const RETRY_MS = 1_000

/** Answers with the stream until it ends, or the reader goes. */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  { chunks, written }: OpenStream,
  problem: (cause: unknown) => Chunk,
): Promise<void> {
  reply.hijack()
  const { raw } = reply
  const compressed = acceptsGzip(request.headers['accept-encoding'])
  raw.writeHead(200, {
    // Who may read it.
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream; charset=utf-8',
    // Without no-transform a proxy may compress by itself, and wait for more before it sends anything.
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    vary: 'origin, accept-encoding',
    ...(compressed && { 'content-encoding': 'gzip' }),
  })
  const gzip = compressed ? new GzipParts() : undefined
  const write = async (events: Buffer, deflated: () => Buffer) => {
    const free = raw.write(gzip ? gzip.part(events, deflated()) : events)
    if (!free) await drained(raw)
  }
  const text = (content: string) => {
    const bytes = Buffer.from(content)
    return write(bytes, () => storedPiece(bytes))
  }
  const send = (chunk: Chunk) => write(chunk.events, () => chunk.deflated)
  try {
    await text(`retry: ${RETRY_MS}\n\n`)
    for await (const chunk of chunks) {
      // An id without data moves the cursor of the reader and nothing else.
      if (!(chunk instanceof Chunk)) await text(`: still here\nid: ${chunk.heartbeat}\n\n`)
      else {
        await send(chunk)
        written(chunk)
      }
    }
  } catch (cause) {
    if (!raw.destroyed) await send(problem(cause)).catch(() => undefined)
  }
  raw.end(gzip?.end())
}

async function drained(raw: FastifyReply['raw']): Promise<void> {
  if (raw.destroyed) throw new Error('The reader is gone')
  const waiting = new AbortController()
  const timer = setTimeout(() => raw.destroy(), STALLED_MS)
  try {
    const { signal } = waiting
    await Promise.race([once(raw, 'drain', { signal }), once(raw, 'close', { signal })])
  } finally {
    clearTimeout(timer)
    waiting.abort()
  }
  if (raw.destroyed) throw new Error('The reader is gone')
}

/** Does the reader take gzip (https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding)? */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  return String(header ?? '')
    .split(',')
    .map((coding) => coding.split(';').map((part) => part.trim().toLowerCase()))
    .some(([name, weight]) => name === 'gzip' && !/^q=0(?:\.0*)?$/.test(weight ?? ''))
}

/**
 * A gzip stream (https://www.rfc-editor.org/rfc/rfc1952) of pieces that were deflated before, each by itself: what many
 * readers get is compressed once.
 */
class GzipParts {
  #begun = false
  #crc = 0
  #length = 0

  /** The next part of the stream: `deflated` are the `bytes`, as `deflatePiece` gives them. */
  part(bytes: Uint8Array, deflated: Buffer): Buffer {
    this.#crc = crc32(bytes, this.#crc)
    this.#length = (this.#length + bytes.length) >>> 0
    if (this.#begun) return deflated
    this.#begun = true
    return Buffer.concat([HEADER, deflated])
  }

  end(): Buffer {
    const sums = Buffer.alloc(8)
    sums.writeUInt32LE(this.#crc >>> 0, 0)
    sums.writeUInt32LE(this.#length, 4)
    return Buffer.concat([this.#begun ? Buffer.alloc(0) : HEADER, LAST_BLOCK, sums])
  }
}

/** Deflate, no name, no time, made on an unknown system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
const LAST_BLOCK = deflateRawSync(Buffer.alloc(0))
