// The observer as a process: histories of Temporal become events on the bus.

import { setMaxListeners } from 'node:events'
import { readEnvironment } from '@runlight/contracts/environment'
import { METRICS } from '@runlight/contracts/metrics'
import { TRACE_EVENT_TYPES } from '@runlight/contracts/trace-event'
import { serveEndpoints } from '@runlight/service/endpoints'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { runService } from '@runlight/service/run'
import type { RunningService } from '@runlight/service/run'
import manifest from '../package.json' with { type: 'json' }
import { requestBudget } from './budget.ts'
import { executionNumbers } from './executions.ts'
import { createFollower } from './follow.ts'
import { DEFAULT_PACE, createObserver } from './observer.ts'
import { createPublisher } from './publisher.ts'
import { REQUESTS, accessTemporal } from './temporal.ts'

const COMPONENT = 'observer'

const env = readEnvironment([
  'temporalAddress',
  'temporalNamespace',
  'brokers',
  'eventTopic',
  'listen',
  'logLevel',
  'instance',
  'observerRequests',
  'observerResume',
])
const log = createLog({ component: COMPONENT, instance: env.instance, level: env.logLevel })

async function start(): Promise<RunningService> {
  const stopping = new AbortController()
  const { signal } = stopping
  // Every request and every wait listens to it; their number is bounded by the pace.
  setMaxListeners(0, signal)
  const metrics = createMetrics()
  const scans = metrics.counter(METRICS.observerScans)
  const published = metrics.counter(METRICS.observerEvents)
  const refused = metrics.counter(METRICS.observerRefused)
  const requests = metrics.counter(METRICS.observerRequests)
  const openRuns = metrics.gauge(METRICS.observerOpenRuns)
  for (const outcome of ['ok', 'failed']) scans.inc({ outcome }, 0)
  for (const field of ['runId', 'nodeRef']) refused.inc({ field }, 0)
  for (const method of REQUESTS) requests.inc({ method }, 0)
  for (const type of TRACE_EVENT_TYPES) published.inc({ type }, 0)

  const publisher = createPublisher({
    brokers: env.brokers,
    topic: env.eventTopic,
    clientId: `runlight-${COMPONENT}-${env.instance}`,
    log,
    signal,
    onPublished: ({ type }) => published.inc({ type }),
    onRefused: ({ runId, type }, { field, message }) => {
      refused.inc({ field })
      log.error({ runId, type }, `An event was left out, because no reader would take it: ${field} ${message}.`)
    },
  })
  const temporal = accessTemporal({
    address: env.temporalAddress,
    namespace: env.temporalNamespace,
    budget: requestBudget(env.observerRequests),
    signal,
    onRequest: (method) => requests.inc({ method }),
  })
  const numbers = executionNumbers(temporal)
  const follower = createFollower({ temporal, numbers, publish: publisher.publish, log, signal })
  const observer = createObserver({
    temporal,
    numbers,
    follower,
    pace: { ...DEFAULT_PACE, resume: env.observerResume * 60_000 },
    log,
    signal,
    onScan: (outcome) => {
      scans.inc({ outcome })
      openRuns.set(observer.openRuns())
    },
  })

  let state = 'running'
  const check = (trouble: string | undefined) => (trouble === undefined ? { ok: true } : { ok: false, detail: trouble })
  const endpoints = await serveEndpoints({
    listen: env.listen,
    component: COMPONENT,
    version: manifest.version,
    registry: metrics.registry,
    state: () => state,
    live: () => ({}),
    ready: () => ({ temporal: check(observer.trouble()), bus: check(publisher.trouble()) }),
  })

  const ended = observer.observe()
  return {
    ended,
    stop: async () => {
      state = 'stopping'
      stopping.abort()
      await ended
      await publisher.close()
      await temporal.close()
      await endpoints.close()
    },
  }
}

await runService(log, start)
