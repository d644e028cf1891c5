// Cross-origin requests: refused, or for the origins that are listed answered as browsers want it
// (https://fetch.spec.whatwg.org/#http-cors-protocol). Not by @fastify/cors: it refuses nobody, and it reaches neither
// upgrades nor streams, whose answers are written past Fastify.

import type { Log } from '@runlight/service/log'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BoundedMap } from '../bounded-map.ts'
import type { Asked, OriginCheck } from './origin.ts'

/** Headers of answers that a page may read besides those that it always may. */
const EXPOSED = 'allow, location, retry-after'
const METHODS = 'GET, HEAD, POST'
/** How long a browser need not ask again whether it may ask, in seconds. */
const PREFLIGHT_SECONDS = '600'
/** Of so many origins and hosts that were refused it is known that the log has told of them. */
const TOLD = 100
const TOLD_LENGTH = 300

/** Applies the check to every request; must come before the routes. */
export function installOriginCheck(app: FastifyInstance, check: OriginCheck): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('vary', 'origin')
    const origin = check(request.raw as Asked)
    if (origin === undefined) return
    reply.header('access-control-allow-origin', origin)
    reply.header('access-control-expose-headers', EXPOSED)
    if (!isPreflight(request)) return
    const asked = request.headers['access-control-request-headers']
    reply.header('access-control-allow-methods', METHODS)
    if (asked !== undefined) reply.header('access-control-allow-headers', asked)
    reply.header('access-control-max-age', PREFLIGHT_SECONDS)
    return reply.code(204).send()
  })
}

/** A browser asks whether a request may be sent (https://fetch.spec.whatwg.org/#cors-preflight-request). */
function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/** The same check, telling the log of each origin and host that is refused, once: the browser tells its page nothing. */
export function toldOf(check: OriginCheck, log: Log): OriginCheck {
  const told = new BoundedMap<string, true>(TOLD)
  return (asked) => {
    try {
      return check(asked)
    } catch (cause) {
      const { origin, host } = asked.headers
      const who = JSON.stringify([origin, host]).slice(0, TOLD_LENGTH)
      const reason = (cause as Error).message.slice(0, TOLD_LENGTH)
      if (!told.get(who)) log.warn({ who, reason }, 'A request was refused that a page of another site may have sent.')
      told.set(who, true)
      throw cause
    }
  }
}
