// The same streams over WebSocket: one JSON object a message, at the pace at which they are read.

import { RunlightError } from '@runlight/contracts/errors'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { Chunk } from '../live/frame.ts'
import type { OpenStream } from '../live/live.ts'
import type { Heartbeat } from '../live/stream.ts'

/** A reader that answers no ping for this long is gone, in milliseconds. */
const SILENT_MS = 60_000
/** Readers have nothing to say. */
const MAX_MESSAGE_BYTES = 1_024

export function createWebSocketServer(): WebSocketServer {
  return new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false })
}

/** Sends the stream until it ends (close code 1000), breaks (1011), the server is stopped (1001), or the reader goes. */
export async function sendMessages(
  socket: WebSocket,
  { chunks, written }: OpenStream,
  problem: (cause: unknown) => Chunk,
): Promise<void> {
  let heardAt = Date.now()
  socket.on('pong', () => (heardAt = Date.now()))
  socket.on('message', () => (heardAt = Date.now()))
  const guard = setInterval(() => {
    if (Date.now() - heardAt > SILENT_MS) socket.terminate()
    else if (socket.readyState === socket.OPEN) socket.ping()
  }, SILENT_MS / 3)
  const send = async (messages: readonly string[]) => {
    for (const [index, message] of messages.entries()) {
      // The last one tells when all of them were taken.
      if (index < messages.length - 1) socket.send(message, ignore)
      else
        await new Promise<void>((resolve, reject) =>
          socket.send(message, (cause) => (cause ? reject(cause) : resolve())),
        )
    }
  }
  try {
    for await (const chunk of chunks) {
      if (!(chunk instanceof Chunk)) await send(placeMessages(chunk))
      else {
        await send(chunk.messages)
        written(chunk)
      }
    }
    socket.close(1000)
  } catch (cause) {
    await send(problem(cause).messages).catch(ignore)
    socket.close(cause instanceof RunlightError && cause.code === 'RL_SHUTTING_DOWN' ? 1001 : 1011)
  } finally {
    clearInterval(guard)
  }
}

/**
 * Moves the cursor of the reader and says nothing else: one that is cut off before its first line comes back to it. Where
 * there is no place yet the pings are sign of life enough.
 */
function placeMessages({ heartbeat }: Heartbeat): readonly string[] {
  return heartbeat === undefined ? [] : [JSON.stringify({ event: 'place', id: heartbeat, data: {} })]
}

function ignore(): void {
  // The end of the connection is noticed by its `close`.
}
