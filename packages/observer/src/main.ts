// The observer as a process: histories of Temporal become events on the bus.

import { setMaxListeners } from 'node:events'
import { readEnvironment } from '@runlight/contracts/environment'
import { METRICS } from '@runlight/contracts/metrics'
import { TRACE_EVENT_TYPES } from '@runlight/contracts/trace-event'
import { serveEndpoints } from '@runlight/service/endpoints'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { quietKafka } from '@runlight/service/quiet-kafka'
import { readOrEnd } from '@runlight/service/read-or-end'
import { runService } from '@runlight/service/run'
import type { RunningService } from '@runlight/service/run'
import manifest from '../package.json' with { type: 'json' }
import { requestBudget } from './budget.ts'
import { createBusReader } from './bus-reader.ts'
import { executionNumbers } from './executions.ts'
import { createFollower } from './follow.ts'
import { createObserver } from './observer.ts'
import { DEFAULT_PACE } from './pace.ts'
import { createPublisher } from './publisher.ts'
import { REQUESTS, accessTemporal } from './temporal.ts'
import { createTracker } from './tracker.ts'

const COMPONENT = 'observer'

const env = readOrEnd(COMPONENT, () =>
  readEnvironment([
    'temporalAddress',
    'temporalNamespace',
    'brokers',
    'eventTopic',
    'listen',
    'logLevel',
    'instance',
    'observerRequests',
    'observerResume',
  ]),
)
const log = createLog({ component: COMPONENT, instance: env.instance, level: env.logLevel })

async function start(): Promise<RunningService> {
  quietKafka()
  const stopping = new AbortController()
  const { signal } = stopping
  // Every request and every wait listens to it; their number is bounded by the pace.
  setMaxListeners(0, signal)
  const { registry, ...counted } = observerMetrics()
  const pace = { ...DEFAULT_PACE, resume: env.observerResume * 60_000 }
  const bus = { brokers: env.brokers, topic: env.eventTopic, clientId: `runlight-${COMPONENT}-${env.instance}` }

  const publisher = createPublisher({
    ...bus,
    log,
    signal,
    onPublished: ({ type }) => counted.published.inc({ type }),
    onRefused: ({ runId, type }, { field, message }) => {
      counted.refused.inc({ field })
      log.error({ runId, type }, `An event was left out, because no reader would take it: ${field} ${message}.`)
    },
  })
  const temporal = accessTemporal({
    address: env.temporalAddress,
    namespace: env.temporalNamespace,
    budget: requestBudget(env.observerRequests),
    signal,
    onRequest: (method) => counted.requests.inc({ method }),
  })
  const tracker = createTracker(pace)
  const numbers = executionNumbers(temporal)
  const follower = createFollower({ temporal, numbers, publish: publisher.publish, log, signal })
  const onScan = (outcome: 'ok' | 'failed'): void => {
    counted.scans.inc({ outcome })
    counted.openRuns.set(tracker.openRuns())
  }
  const observer = createObserver({ temporal, numbers, follower, tracker, pace, log, signal, onScan })
  const reader = createBusReader({
    ...bus,
    groupId: `runlight-${COMPONENT}-${env.temporalNamespace}-${env.instance}`,
    log,
    signal,
    onMoved: tracker.moved,
  })

  let state = 'running'
  const check = (trouble: string | undefined) => (trouble === undefined ? { ok: true } : { ok: false, detail: trouble })
  const endpoints = await serveEndpoints({
    listen: env.listen,
    component: COMPONENT,
    version: manifest.version,
    registry,
    state: () => state,
    live: () => ({ looks: check(stall(observer.lastLook())) }),
    ready: () => ({ temporal: check(observer.trouble()), bus: check(publisher.trouble()) }),
  })

  const saveCheckpoint = async (): Promise<void> => {
    const toldThrough = observer.toldThrough()
    if (toldThrough !== undefined) await reader.save(toldThrough)
  }
  const checkpoints = setInterval(() => void saveCheckpoint(), pace.checkpoint)
  const work = async (): Promise<void> => {
    const lookedThrough = await reader.checkpoint()
    // Not waited for when it stops: to join its group can take as long as a session.
    void reader.read()
    await observer.observe(lookedThrough)
  }
  const ended = work().catch((cause: unknown) => {
    if (!signal.aborted) throw cause
  })
  return {
    ended,
    stop: async () => {
      state = 'stopping'
      clearInterval(checkpoints)
      stopping.abort()
      await ended
      await publisher.close()
      await saveCheckpoint()
      await reader.close()
      await temporal.close()
      await endpoints.close()
    },
  }
}

/** Every request has a deadline, so that no look takes this long. */
const STALLED_MS = 600_000

function stall(lastLook: number | undefined): string | undefined {
  const still = lastLook === undefined ? 0 : performance.now() - lastLook
  return still > STALLED_MS ? `The last look at Temporal began ${Math.round(still / 1000)} s ago` : undefined
}

function observerMetrics() {
  const metrics = createMetrics()
  const scans = metrics.counter(METRICS.observerScans)
  const published = metrics.counter(METRICS.observerEvents)
  const refused = metrics.counter(METRICS.observerRefused)
  const requests = metrics.counter(METRICS.observerRequests)
  const openRuns = metrics.gauge(METRICS.observerOpenRuns)
  for (const outcome of ['ok', 'failed']) scans.inc({ outcome }, 0)
  for (const type of TRACE_EVENT_TYPES) published.inc({ type }, 0)
  for (const field of ['runId', 'nodeRef']) refused.inc({ field }, 0)
  for (const method of REQUESTS) requests.inc({ method }, 0)
  return { registry: metrics.registry, scans, published, refused, requests, openRuns }
}

await runService(log, start)
