// The HTTP server: routes, their documentation, health and metrics.

import { METRICS } from '@runlight/contracts/metrics'
import type { Checks } from '@runlight/service/endpoints'
import { describeHealth } from '@runlight/service/endpoints'
import type { Log } from '@runlight/service/log'
import type { Metrics } from '@runlight/service/metrics'
import { LogController, fastify } from 'fastify'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply } from 'fastify'
import { deadLetter, deadLetterList, deadLetterReplay, deadLettersReplay } from './dead-letters/routes.ts'
import type { DeadLetterSources } from './dead-letters/routes.ts'
import { installDocs } from './docs/install.ts'
import { installOriginCheck, toldOf } from './http/cross-origin.ts'
import { openApiDocument } from './http/openapi.ts'
import { originCheck } from './http/origin.ts'
import { WebSocketUpgrades } from './http/web-socket-upgrades.ts'
import { MAX_BODY_BYTES, installProblems, refuseConnection, sendProblem } from './http/problem.ts'
import { installRoutes, refuseOtherMethods } from './http/route.ts'
import type { Route } from './http/route.ts'
import { installStreams } from './http/stream-route.ts'
import type { StreamRoute } from './http/stream-route.ts'
import type { Live } from './live/live.ts'
import { runLoki } from './logql/routes.ts'
import { componentList } from './routes/components.ts'
import { componentLogs, runLogs } from './routes/logs.ts'
import { runCancel, startRun } from './routes/run-control.ts'
import type { ControlSources } from './routes/run-control.ts'
import { runList, runStatus } from './routes/runs.ts'
import { componentStream, runStream } from './routes/streams.ts'
import { streamStatus } from './routes/stream-status.ts'
import { runTimeline } from './routes/timeline.ts'
import { runTrace } from './routes/trace.ts'
import { jobRunLogs, systemLogs, taskRunLogs, typeLogs } from './routes/unified.ts'
import { unifiedStream } from './routes/unified-streams.ts'
import type { StatusSources } from './status/read.ts'

/** What the routes ask. */
export type ApiSources = StatusSources & DeadLetterSources & ControlSources

export interface ServerSettings {
  version: string
  log: Log
  metrics: Metrics
  sources: ApiSources
  /** The same with connections of their own, for those who join a stream. */
  streamSources: StatusSources
  live: Live
  /** Origins besides its own from which browsers may use it. */
  origins: readonly string[]
  /** A reader that takes nothing of its answer for this long is let go of, in milliseconds. */
  stalledMs: number
  /** Stage of the life cycle, such as `running`. */
  state: () => string
  ready: () => Promise<Checks>
}

/** Connections above this number are closed as they come; most of them are live streams. */
const MAX_CONNECTIONS = 4_000
/** The cursor of a list over a thousand partitions is part of the address. */
const MAX_HEADER_BYTES = 32 * 1024
/** A run id of 256 characters, each percent-encoded in up to twelve. */
const MAX_PARAMETER_LENGTH = 256 * 12

/** Builds the server; it does not listen yet. */
export function createServer(settings: ServerSettings): FastifyInstance {
  const app = fastify({
    loggerInstance: settings.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: () => crypto.randomUUID(),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    // Fastify's own refusal is no problem; what still comes over open connections is answered.
    return503OnClosing: false,
    http: { maxHeaderSize: MAX_HEADER_BYTES, IncomingMessage: WebSocketUpgrades },
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, request, reply) => sendProblem(request, reply as FastifyReply, error),
  })
  app.server.maxConnections = MAX_CONNECTIONS
  app.addHook('onSend', async (_, reply) => {
    // Answers are of the moment.
    reply.header('cache-control', 'no-store')
    // From here on until it is sent: how long it took to make it does not count.
    reply.raw.setTimeout(settings.stalledMs)
  })
  // Streams have no end of their own to wait for; their readers come back with their cursors.
  app.addHook('preClose', async () => settings.live.endStreams())
  installProblems(app)
  const check = toldOf(originCheck(settings.origins), settings.log)
  installOriginCheck(app, check)
  // JSON is the only form of a body.
  app.removeContentTypeParser('text/plain')
  installMetrics(app, settings.metrics)
  const routes = apiRoutes(settings.sources, settings.live)
  installRoutes(app, routes)
  const streams = streamRoutes(settings.streamSources, settings.live)
  installStreams(app, streams, check)
  installOperations(app, settings)
  const description = openApiDocument(routes, streams, settings.version)
  const document = JSON.stringify(description)
  app.get('/openapi.json', (_, reply) => reply.type('application/json').send(document))
  installDocs(app, description)
  refuseOtherMethods(app, [
    ...[...routes, ...streams].map(({ url }) => url),
    ...streams.map(({ socketUrl }) => socketUrl),
    ...['/metrics', '/healthz', '/readyz', '/openapi.json', '/docs', '/docs/errors'],
  ])
  return app
}

/** What can be asked. */
export function apiRoutes(sources: ApiSources, live: Live): Route[] {
  return [
    ...[
      runList(sources),
      runStatus(sources),
      runTrace(sources),
      runLogs(sources),
      runTimeline(sources),
      runLoki(sources),
    ],
    ...[startRun(sources), runCancel(sources)],
    ...[componentList(sources), componentLogs(sources)],
    ...[jobRunLogs(sources), taskRunLogs(sources), systemLogs(sources), typeLogs(sources), streamStatus(live)],
    ...[deadLetterList(sources), deadLetter(sources), deadLetterReplay(sources), deadLettersReplay(sources)],
  ]
}

/** What can be followed. */
export function streamRoutes(sources: StatusSources, live: Live): StreamRoute[] {
  return [runStream(sources, live), componentStream(sources, live), unifiedStream(sources, live)]
}

function installMetrics(app: FastifyInstance, metrics: Metrics): void {
  const seconds = metrics.histogram(METRICS.apiRequestSeconds)
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const status = `${Math.floor(reply.statusCode / 100)}xx`
    seconds.observe({ method: request.method, route, status }, reply.elapsedTime / 1000)
  })
  app.get('/metrics', async (_, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
}

function installOperations(app: FastifyInstance, { version, state, ready }: ServerSettings): void {
  const answer = (reply: FastifyReply, checks: Checks) => {
    const health = describeHealth({ component: 'api', version, state }, checks)
    return reply.code(health.status === 'ok' ? 200 : 503).send(health)
  }
  app.get('/healthz', (_, reply) => answer(reply, {}))
  app.get('/readyz', async (_, reply) => answer(reply, await ready()))
}
