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
import { LokiAnswer, LokiSeries, LokiStream } from '@runlight/contracts/api-loki'
import { CancelledRun, StartRun, StartedRun } from '@runlight/contracts/api-runs'
import { AuditInputs, Fault } from '@runlight/contracts/audit-inputs'
import { Origin } from '@runlight/contracts/dead-letter'
import { ComponentStreamStatus, StreamDone, StreamGap } from '@runlight/contracts/api-stream'
import type { StreamEventName } from '@runlight/contracts/api-stream'
import { AttemptSpan, ExecutionSpan, NodeSpan, RunTimeline } from '@runlight/contracts/api-timeline'
import { StreamStatus, UnifiedLog, UnifiedLogPage } from '@runlight/contracts/api-unified'
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
import { TraceError, TraceEvent } from '@runlight/contracts/trace-event'
import type { TObject, TSchema } from 'typebox'
import type { Route } from './route.ts'
import type { StreamRoute } from './stream-route.ts'

/** Shapes that have a name of their own in the document. */
const NAMED: Readonly<Record<string, TSchema>> = {
  ...{ RunPage, TracePage, LogPage, Problem },
  ...{ RunTimeline, ExecutionSpan, NodeSpan, AttemptSpan, TraceError },
  ...{ LokiAnswer, LokiStream, LokiSeries },
  ...{ UnifiedLogPage, UnifiedLog, StreamStatus },
  ...{ StreamGap, StreamDone, ComponentStreamStatus },
  ...{ ComponentLogPage, ComponentList, ComponentState, PartitionLag },
  ...{ ExecutionStatus, Progress, Failure, StoreCompleteness, Degradation },
  ...{ StoredLog, StoredEvent, LogEntry, TraceEvent },
  ...{ StartRun, AuditInputs, Fault, StartedRun, CancelledRun },
  ...{ DeadLetterPage, DeadLetterSummary, DeadLetterDetail, ReplayedLetter, ReplayPage, Origin },
}

const NAME_BY_TEXT = new Map(Object.entries(NAMED).map(([name, schema]) => [JSON.stringify(schema), name]))

/** Refusals that every route may give. */
const COMMON: readonly ErrorCodeName[] = [
  'RL_PARAMETER_INVALID',
  'RL_ORIGIN_REFUSED',
  'RL_HOST_REFUSED',
  'RL_REQUEST_TIMEOUT',
  'RL_HEADERS_TOO_LARGE',
  'RL_INTERNAL',
]

/** Refusals of what is sent with a request. */
const OF_BODIES: readonly ErrorCodeName[] = ['RL_BODY_TOO_LARGE', 'RL_MEDIA_TYPE_UNSUPPORTED']

/** Refusals that every stream may give. */
const OF_STREAMS: readonly ErrorCodeName[] = ['RL_SHUTTING_DOWN']

/** The document (https://spec.openapis.org/oas/v3.1.0). */
export function openApiDocument(
  routes: readonly Route[],
  streams: readonly StreamRoute[],
  version: string,
): Record<string, unknown> {
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
    paths: { ...paths(routes), ...streamPaths(streams) },
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

/** What a stream's events hold in their data, by the name of the event, where the stream says nothing else. */
const STREAM_DATA: Readonly<Record<StreamEventName, readonly TSchema[]>> = {
  status: [ExecutionStatus, ComponentStreamStatus],
  trace: [StoredEvent],
  log: [StoredLog],
  gap: [StreamGap],
  done: [StreamDone],
  problem: [Problem],
}

function streamPaths(streams: readonly StreamRoute[]): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    streams.flatMap((stream) => {
      const events = Object.entries({ ...STREAM_DATA, ...stream.events })
      const data = Object.fromEntries(events.map(([name, shapes]) => [name, { anyOf: shapes.map(refer) }]))
      const { url, socketUrl, operationId, summary } = stream
      const given = [...parameters(stream.params, 'path'), ...parameters(stream.query, 'query')]
      const lastEventId = {
        name: 'last-event-id',
        in: 'header',
        required: false,
        description: 'Cursor that a browser sends when it connects again; used in place of `from`',
        schema: { type: 'string' },
      }
      const sse = {
        operationId,
        summary: `${summary}: Server-Sent Events`,
        parameters: [...given, lastEventId],
        responses: {
          200: {
            description: 'The stream; `id` of an event is the cursor after it',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
            'x-runlight-events': data,
          },
          204: { description: 'The reader has had everything already' },
          ...refusals([...COMMON, ...OF_STREAMS, ...stream.refusals]),
        },
      }
      const socket = {
        operationId: `${operationId}WebSocket`,
        summary: `${summary}: WebSocket, one JSON object a message with \`event\`, \`id\` and \`data\``,
        parameters: given,
        responses: {
          101: { description: 'The stream' },
          ...refusals([...COMMON, ...OF_STREAMS, ...stream.refusals, 'RL_UPGRADE_REQUIRED']),
        },
      }
      return [
        [url, { get: sse }],
        [socketUrl, { get: socket }],
      ]
    }),
  )
}

function operation(route: Route): Record<string, unknown> {
  return {
    operationId: route.operationId,
    summary: route.summary,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: refer(route.body) } } },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.successes ?? { 200: 'The answer' }).map(([status, description]) => [
          status,
          { description, content: { 'application/json': { schema: refer(route.answer) } } },
        ]),
      ),
      ...refusals([...COMMON, ...(route.method === 'POST' ? OF_BODIES : []), ...route.refusals]),
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
      schema: inside(property),
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
  // Generators of clients want to be told that words are strings.
  const words = 'enum' in schema && !('type' in schema) ? { type: 'string' } : {}
  return { ...words, ...Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, refer(value)])) }
}
