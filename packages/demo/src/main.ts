// The demo worker: runs the audit's workflow and activities until it is stopped.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readEnvironment } from '@runlight/contracts/environment'
import { LOG_LEVELS } from '@runlight/contracts/log-entry'
import { METRICS } from '@runlight/contracts/metrics'
import { DROP_REASONS } from '@runlight/sdk/drop-reasons'
import type { DropReason } from '@runlight/sdk/drop-reasons'
import { REDACTION_RULES } from '@runlight/sdk/redaction/redactor'
import { openTelemetry, telemetryFromEnvironment } from '@runlight/sdk/telemetry'
import type { Telemetry } from '@runlight/sdk/telemetry'
import { activityInterceptors, workflowInterceptorModule } from '@runlight/sdk/temporal'
import { executionsFromVisibility } from '@runlight/sdk/temporal-executions'
import { serveEndpoints } from '@runlight/service/endpoints'
import { createLog } from '@runlight/service/log'
import type { Log } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { readOrEnd } from '@runlight/service/read-or-end'
import { runService } from '@runlight/service/run'
import type { RunningService } from '@runlight/service/run'
import { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { auditActivities } from './activities/all.ts'
import manifest from '../package.json' with { type: 'json' }

/** Together below the time that a service has to stop. */
const WORKER_GRACE = '8 seconds'
const TELEMETRY_CLOSE_MS = 8_000

const COMPONENT = 'worker'

const environment = readOrEnd(COMPONENT, () =>
  readEnvironment([
    'temporalAddress',
    'temporalNamespace',
    'temporalTaskQueue',
    'demoLockFile',
    'demoReportFolder',
    'listen',
    'instance',
    'logLevel',
    // Read again below, but named here together with the others.
    'brokers',
  ]),
)
const bus = readOrEnd(COMPONENT, telemetryFromEnvironment)
const log = createLog({ component: COMPONENT, instance: environment.instance, level: environment.logLevel })

async function start(): Promise<RunningService> {
  const metrics = createMetrics()
  const drops = metrics.counter(METRICS.sdkDropped)
  const redacted = metrics.counter(METRICS.sdkRedacted)
  const limited = metrics.counter(METRICS.sdkLimited)
  for (const topic of [bus.logTopic, bus.eventTopic]) {
    for (const reason of Object.keys(DROP_REASONS) as DropReason[]) drops.inc({ topic, reason }, 0)
    for (const rule of REDACTION_RULES) redacted.inc({ topic, rule }, 0)
    for (const level of LOG_LEVELS) limited.inc({ topic, level }, 0)
  }
  const telemetry = openTelemetry({
    ...bus,
    clientId: `runlight-demo-${environment.instance}`,
    onDrop: (topic, reason) => drops.inc({ topic, reason }),
    onRedact: (topic, rule, count) => redacted.inc({ topic, rule }, count),
    onLimit: (topic, level) => limited.inc({ topic, level }),
    onDiagnostic: ({ level, message, cause }) => log[level]({ cause }, message),
  })
  const worker = await createWorker(telemetry)
  const running = () => ({ worker: { ok: worker.getState() === 'RUNNING', detail: worker.getState() } })
  const endpoints = await serveEndpoints({
    listen: environment.listen,
    component: COMPONENT,
    version: manifest.version,
    registry: metrics.registry,
    state: () => worker.getState().toLowerCase(),
    live: () => ({ worker: { ok: worker.getState() !== 'FAILED', detail: worker.getState() } }),
    ready: running,
  })
  const ended = worker.run()
  return {
    ended,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown()
      await ended
      if (!(await telemetry.close(TELEMETRY_CLOSE_MS))) {
        log.error('The telemetry bus has not taken everything before the worker had to stop; the rest is lost.')
      }
      await endpoints.close()
    },
  }
}

async function createWorker(telemetry: Telemetry): Promise<Worker> {
  // The service stops the worker itself, so Temporal's runtime listens to no signals.
  Runtime.install({ logger: temporalLogger(log), shutdownSignals: [] })
  const { temporalAddress: address, temporalNamespace: namespace, temporalTaskQueue: taskQueue } = environment
  const connection = await NativeConnection.connect({ address })
  const client = new Client({ connection, namespace })
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowsPath: fileURLToPath(import.meta.resolve('./workflow.ts')),
    activities: auditActivities({
      lockFile: resolve(environment.demoLockFile),
      outputFolder: resolve(environment.demoReportFolder),
    }),
    interceptors: {
      workflowModules: [workflowInterceptorModule],
      activity: [activityInterceptors({ telemetry, executionOf: executionsFromVisibility(client) })],
    },
    // A cancellation reaches an activity by its heartbeat.
    maxHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: WORKER_GRACE,
    shutdownForceTime: WORKER_GRACE,
  })
}

function temporalLogger(log: Log): DefaultLogger {
  const levels = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const
  return new DefaultLogger('WARN', ({ level, message, meta }) => log[levels[level]]({ temporal: meta }, message))
}

await runService(log, start)
