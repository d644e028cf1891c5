// A route: one description from which requests are checked, answered and documented.

import type { ErrorCodeName } from '@runlight/contracts/errors'
import type { FastifyInstance } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import type { Json } from './json.ts'
import { parameterReader } from './parameters.ts'

/** GET reads. POST changes something; it takes its parameters from the address, as GET does, and no body. */
export type RouteMethod = 'GET' | 'POST'

export interface RouteDescription<P extends TObject, Q extends TObject, A extends TSchema> {
  /** GET if not given. */
  method?: RouteMethod
  url: string
  operationId: string
  summary: string
  params: P
  query: Q
  /** Shape of the body of a 200. */
  answer: A
  /** Codes of the refusals that it may give, besides those that every route may. */
  refusals: readonly ErrorCodeName[]
  handle: (input: { params: Static<P>; query: Static<Q> }) => Promise<Json<Static<A>>>
}

/** A route with its types closed over. */
export interface Route {
  method: RouteMethod
  url: string
  operationId: string
  summary: string
  params: TObject
  query: TObject
  answer: TSchema
  refusals: readonly ErrorCodeName[]
  answerTo: (params: Record<string, unknown>, query: Record<string, unknown>) => Promise<string>
}

/** Describes a route. */
export function route<P extends TObject, Q extends TObject, A extends TSchema>(
  description: RouteDescription<P, Q, A>,
): Route {
  const readParams = parameterReader(description.params)
  const readQuery = parameterReader(description.query)
  const { handle, ...rest } = description
  return {
    method: 'GET',
    ...rest,
    answerTo: async (params, query) => handle({ params: readParams(params), query: readQuery(query) }),
  }
}

export function installRoutes(app: FastifyInstance, routes: readonly Route[]): void {
  for (const { method, url, answerTo } of routes) {
    app.route({
      method,
      // `:name` is Fastify's form of what OpenAPI writes as `{name}`.
      url: url.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request, reply) => {
        const body = await answerTo(request.params as Record<string, unknown>, request.query as Record<string, unknown>)
        return reply.type('application/json').send(body)
      },
    })
  }
}
