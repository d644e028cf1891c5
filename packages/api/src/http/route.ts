// A route: one description from which requests are checked, answered and documented.

import type { ErrorCodeName } from '@runlight/contracts/errors'
import type { FastifyInstance } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import type { Json } from './json.ts'
import { parameterReader } from './parameters.ts'

export interface RouteDescription<P extends TObject, Q extends TObject, A extends TSchema> {
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
  url: string
  operationId: string
  summary: string
  params: TObject
  query: TObject
  answer: TSchema
  refusals: readonly ErrorCodeName[]
  answerTo: (params: Record<string, unknown>, query: Record<string, unknown>) => Promise<string>
}

/** Describes a GET route. */
export function route<P extends TObject, Q extends TObject, A extends TSchema>(
  description: RouteDescription<P, Q, A>,
): Route {
  const readParams = parameterReader(description.params)
  const readQuery = parameterReader(description.query)
  const { handle, ...rest } = description
  return {
    ...rest,
    answerTo: async (params, query) => handle({ params: readParams(params), query: readQuery(query) }),
  }
}

export function installRoutes(app: FastifyInstance, routes: readonly Route[]): void {
  for (const { url, answerTo } of routes) {
    // `:name` is Fastify's form of what OpenAPI writes as `{name}`.
    app.get(url.replaceAll(/\{(\w+)\}/g, ':$1'), async (request, reply) => {
      const body = await answerTo(request.params as Record<string, unknown>, request.query as Record<string, unknown>)
      return reply.type('application/json').send(body)
    })
  }
}
