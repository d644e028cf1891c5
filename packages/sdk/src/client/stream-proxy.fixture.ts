// A proxy in front of the API as there are some: it lets streams through, refuses them, or keeps them back.

import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StreamProxy {
  url: string
  /** `buffer`: the answer is given when it is whole, which a stream never is. */
  streams: 'pass' | 'refuse' | 'buffer'
  /** Streams that were asked for. */
  readonly asked: number
  /** Ends all connections; new ones are taken. */
  cut: () => void
  close: () => Promise<void>
}

export async function startStreamProxy(target: string): Promise<StreamProxy> {
  const state = { streams: 'refuse' as StreamProxy['streams'], asked: 0 }
  const server = createServer((incoming, answer) => {
    const isStream = incoming.headers.accept === 'text/event-stream'
    if (isStream) state.asked++
    if (isStream && state.streams === 'refuse') {
      answer.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Not here</h1>')
      return
    }
    const { method = 'GET', headers, url = '/' } = incoming
    const outgoing = request(new URL(url, target), { method, headers }, (response) => {
      if (isStream && state.streams === 'buffer') return void response.resume()
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    outgoing.on('error', () => answer.destroy())
    answer.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => server.closeAllConnections(),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}
