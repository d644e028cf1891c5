// A route: one description from which requests are checked, answered and documented.

import { RunlightError } from '@runlight/contracts/errors'
import type { ErrorCodeName } from '@runlight/contracts/errors'
import type { FastifyInstance, HTTPMethods } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import type { Json, JsonBytes } from './json.ts'
import { bodyReader, parameterReader } from './parameters.ts'

/** GET reads. POST changes something. */
export type RouteMethod = 'GET' | 'POST'

/** A success that is not a plain 200. */
export interface Outcome<T> {
  status: number
  /** Path of what came out of it; header Location. */
  location?: string
  body: Json<T>
}

interface Described<P extends TObject, Q extends TObject, A extends TSchema, B extends TSchema> {
  /** GET if not given. */
  method?: RouteMethod
  url: string
  operationId: string
  summary: string
  params: P
  query: Q
  /** Shape of a POST's body, JSON; without one it takes none. */
  body?: B
  /** Shape of the answer of a success. */
  answer: A
  /** Success by status; a plain 200 if not given. */
  successes?: Readonly<Record<number, string>>
  /** Codes of the refusals that it may give, besides those that every route may. */
  refusals: readonly ErrorCodeName[]
}

export interface RouteDescription<
  P extends TObject,
  Q extends TObject,
  A extends TSchema,
  B extends TSchema,
> extends Described<P, Q, A, B> {
  handle: (input: {
    params: Static<P>
    query: Static<Q>
    body: Static<B>
  }) => Promise<Json<Static<A>> | JsonBytes<Static<A>> | Outcome<Static<A>>>
}

/** A request as it came. */
export interface RouteRequest {
  params: Record<string, unknown>
  query: Record<string, unknown>
  body: unknown
}

/** A route with its types closed over. */
export interface Route extends Described<TObject, TObject, TSchema, TSchema> {
  method: RouteMethod
  answerTo: (request: RouteRequest) => Promise<string | Buffer | Outcome<unknown>>
}

/** Describes a route. */
export function route<P extends TObject, Q extends TObject, A extends TSchema, B extends TSchema>(
  description: RouteDescription<P, Q, A, B>,
): Route {
  const readParams = parameterReader(description.params)
  const readQuery = parameterReader(description.query)
  const readBody = bodyReader(description.body)
  const { handle, ...rest } = description
  return {
    method: 'GET',
    ...rest,
    answerTo: async ({ params, query, body }) =>
      handle({ params: readParams(params), query: readQuery(query), body: readBody(body) as Static<B> }),
  }
}

/** `:name` is Fastify's form of what OpenAPI writes as `{name}`. */
function fastifyUrl(url: string): string {
  return url.replaceAll(/\{(\w+)\}/g, ':$1')
}

export function installRoutes(app: FastifyInstance, routes: readonly Route[]): void {
  for (const { method, url, answerTo } of routes) {
    app.route({
      method,
      url: fastifyUrl(url),
      handler: async (request, reply) => {
        const answer = await answerTo({
          params: request.params as Record<string, unknown>,
          query: request.query as Record<string, unknown>,
          body: request.body,
        })
        const plain = typeof answer === 'string' || Buffer.isBuffer(answer)
        const { status, location, body } = plain ? { status: 200, body: answer } : answer
        if (location !== undefined) reply.header('location', location)
        return reply.code(status).type('application/json').send(body)
      },
    })
  }
}

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Answers every other method at an address that there is with a 405 (https://www.rfc-editor.org/rfc/rfc9110#status.405). */
export function refuseOtherMethods(app: FastifyInstance, urls: Iterable<string>): void {
  for (const url of new Set([...urls].map(fastifyUrl))) {
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url }))
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      handler: async (request, reply) => {
        reply.header('allow', allowed.join(', '))
        const message = `${request.method} is not supported at this address; supported are ${allowed.join(', ')}.`
        throw new RunlightError('RL_METHOD_NOT_ALLOWED', message)
      },
    })
  }
}
