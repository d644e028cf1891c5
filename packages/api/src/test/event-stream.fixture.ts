// A reader of Server-Sent Events over a plain connection, so that a test can hold it back or cut it.

import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import type { Readable } from 'node:stream'

export interface ReceivedEvent {
  event: string
  id: string | undefined
  data: string
}

export interface EventReader {
  response: IncomingMessage
  /** Everything that has come so far. */
  events: ReceivedEvent[]
  /** Called for each event. */
  onEvent: (event: ReceivedEvent) => void
  /** Resolves when the stream ends or is cut. */
  ended: Promise<void>
  /** Stops taking bytes from the connection: its buffers fill up. */
  pause: () => void
  resume: () => void
  /** Resets the connection. */
  cut: () => void
}

export async function readEvents(address: URL, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(address, { headers, agent: false }, resolve).on('error', reject).end()
  })
  const events: ReceivedEvent[] = []
  let text = ''
  const body: Readable = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response
  const reader: EventReader = {
    response,
    events,
    onEvent: () => undefined,
    ended: new Promise((resolve) => {
      body.on('end', resolve).on('error', resolve)
      response.on('error', resolve).on('aborted', resolve)
    }),
    pause: () => void body.pause(),
    resume: () => void body.resume(),
    cut: () => void response.socket.resetAndDestroy(),
  }
  body.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      )
      const data = fields.get('data')
      if (data === undefined) continue
      const event = { event: fields.get('event') ?? 'message', id: fields.get('id'), data }
      events.push(event)
      reader.onEvent(event)
    }
  })
  return reader
}
