// Server-Sent Events: a stream of chunks as the answer of a request, at the pace at which it is read.

import type { OutgoingHttpHeaders } from 'node:http'
import { deflateRawSync } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { checksumOf, crcOfBoth } from '../live/checksum.ts'
import type { Checksum } from '../live/checksum.ts'
import { Chunk, storedPiece } from '../live/frame.ts'
import type { OpenStream } from '../live/live.ts'
import type { Heartbeat } from '../live/stream.ts'

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
  const write = async (part: Buffer) => {
    if (!raw.write(part)) await drained(raw)
  }
  const text = (content: string) => {
    const bytes = Buffer.from(content)
    return write(gzip ? gzip.part(checksumOf(bytes), storedPiece(bytes)) : bytes)
  }
  const send = (chunk: Chunk) => write(gzip ? gzip.part(chunk.checksum, chunk.deflated) : chunk.events)
  try {
    await text(`retry: ${RETRY_MS}\n\n`)
    for await (const chunk of chunks) {
      if (!(chunk instanceof Chunk)) await text(signOfLife(chunk))
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

/** An id without data moves the cursor of the reader and nothing else. */
function signOfLife({ heartbeat }: Heartbeat): string {
  return `: still here\n${heartbeat === undefined ? '' : `id: ${heartbeat}\n`}\n`
}

/** Listeners, and no signals and races: the slower readers are, the more often they are waited for. */
async function drained(raw: FastifyReply['raw']): Promise<void> {
  if (!raw.destroyed) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => raw.destroy(), STALLED_MS)
      const done = () => {
        clearTimeout(timer)
        for (const event of ENDS_OF_WAITING) raw.off(event, done)
        resolve()
      }
      for (const event of ENDS_OF_WAITING) raw.on(event, done)
    })
  }
  if (raw.destroyed) throw new Error('The reader is gone')
}

const ENDS_OF_WAITING = ['drain', 'close', 'error'] as const

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

  /** The next part of the stream: some bytes as `deflatePiece` gives them, and their checksum. */
  part(checksum: Checksum, deflated: Buffer): Buffer {
    this.#crc = crcOfBoth(this.#crc, checksum)
    this.#length = (this.#length + checksum.length) >>> 0
    if (this.#begun) return deflated
    this.#begun = true
    return Buffer.concat([HEADER, deflated])
  }

  end(): Buffer {
    const sums = Buffer.alloc(8)
    sums.writeUInt32LE(this.#crc, 0)
    sums.writeUInt32LE(this.#length, 4)
    return Buffer.concat([this.#begun ? Buffer.alloc(0) : HEADER, LAST_BLOCK, sums])
  }
}

/** Deflate, no name, no time, made on an unknown system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
const LAST_BLOCK = deflateRawSync(Buffer.alloc(0))
