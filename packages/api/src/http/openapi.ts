// The OpenAPI 3.1 document, made from the same descriptions by which requests are checked.

import {
  ComponentList,
  ComponentLogPage,
  ComponentState,
  LogPage,
  PartitionLag,
  Problem,
  RunPage,
  StoredEvent,
  StoredLog,
  TracePage,
} from '@runlight/contracts/api'
import {
  DeadLetterDetail,
  DeadLetterPage,
  DeadLetterSummary,
  ReplayPage,
  ReplayedLetter,
} from '@runlight/contracts/api-dead-letters'
import { Origin } from '@runlight/contracts/dead-letter'
import { ERROR_CODES } from '@runlight/contracts/errors'
import type { ErrorCode, ErrorCodeName } from '@runlight/contracts/errors'
import {
  Degradation,
  ExecutionStatus,
  Failure,
  Progress,
  StoreCompleteness,
} from '@runlight/contracts/execution-status'
import { LogEntry } from '@runlight/contracts/log-entry'
import { TraceEvent } from '@runlight/contracts/trace-event'
import type { TObject, TSchema } from 'typebox'
import type { Route } from './route.ts'

/** Shapes that have a name of their own in the document. */
const NAMED: Readonly<Record<string, TSchema>> = {
  ...{ RunPage, TracePage, LogPage, Problem },
  ...{ ComponentLogPage, ComponentList, ComponentState, PartitionLag },
  ...{ ExecutionStatus, Progress, Failure, StoreCompleteness, Degradation },
  ...{ StoredLog, StoredEvent, LogEntry, TraceEvent },
  ...{ DeadLetterPage, DeadLetterSummary, DeadLetterDetail, ReplayedLetter, ReplayPage, Origin },
}

const NAME_BY_TEXT = new Map(Object.entries(NAMED).map(([name, schema]) => [JSON.stringify(schema), name]))

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
        'is true; a page may be short or empty before that. Kept after the last page, the cursor of lines and events ' +
        'gives what arrives later, and nothing twice.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: paths(routes),
    components: {
      schemas: Object.fromEntries(Object.entries(NAMED).map(([name, schema]) => [name, inside(schema)])),
    },
  }
}

function paths(routes: readonly Route[]): Record<string, Record<string, unknown>> {
  const byUrl: Record<string, Record<string, unknown>> = {}
  for (const route of routes) (byUrl[route.url] ??= {})[route.method.toLowerCase()] = operation(route)
  return byUrl
}

function operation(route: Route): Record<string, unknown> {
  return {
    operationId: route.operationId,
    summary: route.summary,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    responses: {
      200: { description: 'The answer', content: { 'application/json': { schema: refer(route.answer) } } },
      ...refusals([...COMMON, ...route.refusals]),
    },
  }
}

function parameters(schema: TObject, place: 'path' | 'query') {
  const required = (schema as { required?: readonly string[] }).required ?? []
  return Object.entries(schema.properties as Record<string, TSchema & { description?: string }>).map(
    ([name, { description, ...property }]) => ({
      name,
      in: place,
      required: required.includes(name),
      ...(description !== undefined && { description }),
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
        content: { 'application/problem+json': { schema: refer(Problem) } },
      },
    ]),
  )
}

/** The schema, with a reference wherever a named shape is meant. */
function refer(schema: unknown): unknown {
  const name = NAME_BY_TEXT.get(JSON.stringify(schema))
  return name === undefined ? inside(schema) : { $ref: `#/components/schemas/${name}` }
}

function inside(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(refer)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, refer(value)]))
}
