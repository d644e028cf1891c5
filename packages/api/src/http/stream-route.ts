// A live stream: one description for its two addresses, `…/stream` (Server-Sent Events) and `…/stream/ws`.

import { RunlightError } from '@runlight/contracts/errors'
import type { StreamEventName } from '@runlight/contracts/api-stream'
import type { ErrorCodeName } from '@runlight/contracts/errors'
import type { FastifyInstance } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import { Chunk } from '../live/frame.ts'
import type { OpenStream, Transport } from '../live/live.ts'
import type { Asked, OriginCheck } from './origin.ts'
import { parameterReader } from './parameters.ts'
import { ParameterError, problemOf, refuseSocket } from './problem.ts'
import { sendEvents } from './sse.ts'
import { createWebSocketServer, sendMessages } from './web-socket.ts'

export interface StreamRequest<P, Q> {
  params: P
  query: Q
  /** Cursor with which a browser comes back. */
  lastEventId: string | undefined
  transport: Transport
  /** Aborted when the reader goes. */
  signal: AbortSignal
}

/** `ended`: the reader has had everything, and need not come back. */
export type StreamAnswer = OpenStream | 'ended'

export interface StreamDescription<P extends TObject, Q extends TObject> {
  url: string
  /** The address of the stream as WebSocket; `<url>/ws` if not given. */
  socketUrl?: string
  operationId: string
  summary: string
  params: P
  query: Q
  refusals: readonly ErrorCodeName[]
  /** What its events hold, where that is not what they hold elsewhere. */
  events?: Readonly<Partial<Record<StreamEventName, readonly TSchema[]>>>
  open: (request: StreamRequest<Static<P>, Static<Q>>) => Promise<StreamAnswer>
}

export interface StreamRoute {
  url: string
  socketUrl: string
  operationId: string
  summary: string
  params: TObject
  query: TObject
  refusals: readonly ErrorCodeName[]
  /** What its events hold, where that is not what they hold elsewhere. */
  events?: Readonly<Partial<Record<StreamEventName, readonly TSchema[]>>>
  open: (request: StreamRequest<Record<string, unknown>, Record<string, unknown>>) => Promise<StreamAnswer>
}

export function streamRoute<P extends TObject, Q extends TObject>(description: StreamDescription<P, Q>): StreamRoute {
  const readParams = parameterReader(description.params)
  const readQuery = parameterReader(description.query)
  const { open, socketUrl = `${description.url}/ws`, ...rest } = description
  return {
    ...rest,
    socketUrl,
    open: async ({ params, query, ...request }) =>
      open({ ...request, params: readParams(params), query: readQuery(query) }),
  }
}

/** What a reader is told when its stream breaks. */
function problemChunk(requestId: string): (cause: unknown) => Chunk {
  return (cause) => new Chunk([{ type: 'problem', id: undefined, data: JSON.stringify(problemOf(cause, requestId)) }])
}

/** `check`: who may connect; upgrades pass by the hooks of `app`. */
export function installStreams(app: FastifyInstance, routes: readonly StreamRoute[], check: OriginCheck): void {
  const address = (url: string) => url.replaceAll(/\{(\w+)\}/g, ':$1')
  for (const route of routes) {
    app.get(address(route.url), { exposeHeadRoute: false }, async (request, reply) => {
      const gone = new AbortController()
      reply.raw.on('close', () => gone.abort(new Error('The reader is gone')))
      const answer = await route.open({
        params: request.params as Record<string, unknown>,
        query: request.query as Record<string, unknown>,
        lastEventId: request.headers['last-event-id'] as string | undefined,
        transport: 'sse',
        signal: gone.signal,
      })
      // A browser that comes back after the end is told by 204 to stay away.
      if (answer === 'ended') return reply.code(204).send()
      await sendEvents(request, reply, answer, problemChunk(request.id)).finally(answer.close)
      return reply
    })
    app.get(address(route.socketUrl), { exposeHeadRoute: false }, async () => {
      throw new RunlightError('RL_UPGRADE_REQUIRED', 'The request asks for no WebSocket.')
    })
  }
  installUpgrades(app, routes, check)
}

function installUpgrades(app: FastifyInstance, routes: readonly StreamRoute[], check: OriginCheck): void {
  const sockets = createWebSocketServer()
  const patterns = routes.map((route) => ({ route, match: pathMatcher(route.socketUrl) }))
  app.server.on('upgrade', (request, socket, head) => {
    const requestId = crypto.randomUUID()
    const gone = new AbortController()
    socket.on('error', () => socket.destroy())
    socket.on('close', () => gone.abort(new Error('The reader is gone')))
    const accept = async () => {
      check(request as Asked)
      const address = addressOf(request.url ?? '/')
      for (const { route, match } of patterns) {
        const params = match(address.pathname)
        if (!params) continue
        const query = queryOf(address.searchParams)
        const answer = await route.open({ params, query, lastEventId: undefined, transport: 'ws', signal: gone.signal })
        if (answer === 'ended') throw new RunlightError('RL_INTERNAL', 'A WebSocket has no last event.')
        if (gone.signal.aborted) return answer.close()
        let isAccepted = false
        sockets.handleUpgrade(request, socket, head, (connected) => {
          isAccepted = true
          connected.on('error', () => connected.terminate())
          void sendMessages(connected, answer, problemChunk(requestId)).finally(answer.close)
        })
        // A handshake that `ws` has refused, or whose reader is gone, is not called back for.
        if (!isAccepted) answer.close()
        return
      }
      throw new RunlightError('RL_ROUTE_NOT_FOUND', `There is no WebSocket at ${address.pathname}.`)
    }
    accept().catch((cause: unknown) => refuseSocket(socket, problemOf(cause, requestId)))
  })
  app.addHook('onClose', async () => void sockets.close())
}

/** The address of a request. @throws ParameterError where it is none, such as `//` */
function addressOf(target: string): URL {
  if (URL.canParse(target, 'http://any')) return new URL(target, 'http://any')
  throw new ParameterError('request', `The request cannot be read: ${JSON.stringify(target)} is no address.`)
}

/** Reads the parameters of a path; undefined where it is another one. */
function pathMatcher(url: string): (path: string) => Record<string, string> | undefined {
  const names = [...url.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)
  const pattern = new RegExp(`^${url.replaceAll(/\{\w+\}/g, '([^/]+)')}$`)
  return (path) => {
    const found = pattern.exec(path)
    if (!found) return undefined
    try {
      return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(found[index + 1] as string)]))
    } catch {
      return undefined
    }
  }
}

function queryOf(parameters: URLSearchParams): Record<string, unknown> {
  const names = new Set(parameters.keys())
  return Object.fromEntries(
    [...names].map((name) => {
      const values = parameters.getAll(name)
      return [name, values.length > 1 ? values : values[0]]
    }),
  )
}
