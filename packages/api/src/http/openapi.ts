// The OpenAPI 3.1 document, made from the same descriptions by which requests are checked.

import { Problem } from '@runlight/contracts/api'
import { ERROR_CODES } from '@runlight/contracts/errors'
import type { ErrorCode, ErrorCodeName } from '@runlight/contracts/errors'
import type { TObject, TSchema } from 'typebox'
import type { Route } from './route.ts'

/** Refusals that every route may give. */
const COMMON: readonly ErrorCodeName[] = ['RL_PARAMETER_INVALID', 'RL_INTERNAL']

/** The document (https://spec.openapis.org/oas/v3.1.0). */
export function openApiDocument(routes: readonly Route[], version: string): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Runlight',
      version,
      description:
        'Runs, their status, events and log lines. Lists are paged: give `nextCursor` back as `cursor` while `hasMore` ' +
        'is true; kept after that, it gives what arrives later, without doubling anything.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: Object.fromEntries(routes.map((route) => [route.url, { get: operation(route) }])),
    components: { schemas: { Problem } },
  }
}

function operation(route: Route): Record<string, unknown> {
  return {
    operationId: route.operationId,
    summary: route.summary,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    responses: {
      200: { description: 'The answer', content: { 'application/json': { schema: route.answer } } },
      ...refusals([...COMMON, ...route.refusals]),
    },
  }
}

function parameters(schema: TObject, place: 'path' | 'query') {
  const required = (schema as { required?: readonly string[] }).required ?? []
  return Object.entries(schema.properties as Record<string, TSchema & { description?: string }>).map(
    ([name, property]) => ({
      name,
      in: place,
      required: required.includes(name),
      ...(property.description !== undefined && { description: property.description }),
      schema: property,
    }),
  )
}

function refusals(codes: readonly ErrorCodeName[]): Record<string, unknown> {
  const byStatus = new Map<number, ErrorCodeName[]>()
  for (const name of codes) {
    const { status = 500 }: ErrorCode = ERROR_CODES[name]
    byStatus.set(status, [...(byStatus.get(status) ?? []), name])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      {
        description: names.map((name) => `${name}: ${ERROR_CODES[name].title}`).join('; '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}
