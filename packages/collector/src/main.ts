// The log collector as a process: the components' own logs become records on the bus.

import { basename, dirname } from 'node:path'
import { readEnvironment } from '@runlight/contracts/environment'
import { METRICS } from '@runlight/contracts/metrics'
import type { LogPlace } from '@runlight/contracts/variable'
import { serveEndpoints } from '@runlight/service/endpoints'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { readOrEnd } from '@runlight/service/read-or-end'
import { runService } from '@runlight/service/run'
import type { RunningService } from '@runlight/service/run'
import manifest from '../package.json' with { type: 'json' }
import { Collector } from './collector.ts'
import { ComponentLog, LEFT_OUT_REASONS } from './component-log.ts'
import { createRedactor } from './records/redact.ts'
import { bootId } from './ship/boot-id.ts'
import { Bus } from './ship/bus.ts'
import { Journal } from './ship/journal.ts'
import { ContainerFolder } from './source/container-folder.ts'
import { ContainerLog } from './source/container-log.ts'
import type { LineSource, Position } from './source/line-source.ts'
import { LogFile } from './source/log-file.ts'

const COMPONENT = 'log-collector'

const env = readOrEnd(COMPONENT, () =>
  readEnvironment([
    'brokers',
    'logTopic',
    'listen',
    'logLevel',
    'instance',
    'collectorLogs',
    'collectorState',
    'collectorCredentials',
    'collectorRotateMebibytes',
    'collectorRotateFiles',
    'collectorLines',
    'collectorShippingPath',
    'collectorShippingLines',
  ]),
)
const log = createLog({ component: COMPONENT, instance: env.instance, level: env.logLevel })

/** A batch that is being sent when the service stops may take so long. */
const LAST_SEND_MS = 5_000
const BEHIND_MS = 5_000
/** A look takes milliseconds; one that takes this long is none any more. */
const STALLED_MS = 120_000
/** At its start, a broker says more than it does in hours afterwards. */
const BURST = 1_000

async function start(): Promise<RunningService> {
  const stopping = new AbortController()
  const givingUp = new AbortController()
  const components = env.collectorLogs.map(({ component }) => component)
  const { registry, ...counted } = collectorMetrics(components)
  const clientId = `runlight-${COMPONENT}-${env.instance}`
  const journal = await Journal.open(env.collectorState, bootId())
  const bus = new Bus({
    ...{ brokers: env.brokers, topic: env.logTopic, clientId, log },
    signal: givingUp.signal,
    onFailure: (reason) => counted.failures.inc({ reason }),
  })
  const sourceOf = sources()
  const logs = env.collectorLogs.map((place) => {
    const { component } = place
    const progress = journal.progress(component)
    const shippingPath = env.collectorShippingPath.includes(component)
    const perSecond = shippingPath ? env.collectorShippingLines / 60 : env.collectorLines
    return new ComponentLog({
      ...{ component, progress, shippingPath },
      open: (from) => sourceOf(place, from),
      rate: { perSecond, burst: Math.max(BURST, perSecond) },
      redactor: createRedactor(env.collectorCredentials.split('\n'), () => counted.redactions.inc({ component })),
      onLeftOut: (reason) => counted.leftOut.inc({ component, reason }),
    })
  })
  const collector = new Collector({
    ...{ logs, journal, bus, clientId, log, brokers: env.brokers, topic: env.logTopic },
    signal: stopping.signal,
    onShipped: (component) => counted.records.inc({ component }),
    onRefused: (component) => counted.leftOut.inc({ component, reason: 'too_large' }),
    onRotated: (component) => counted.rotations.inc({ component }),
  })

  let state = 'running'
  const check = (trouble: string | undefined) => (trouble === undefined ? { ok: true } : { ok: false, detail: trouble })
  const endpoints = await serveEndpoints({
    ...{ listen: env.listen, component: COMPONENT, version: manifest.version, registry, state: () => state },
    live: () => ({ looks: check(stall(collector.lastLook)) }),
    ready: () => ({ bus: check(bus.trouble), logs: check([...collector.unreadable.values()][0]) }),
  })
  const measuring = setInterval(() => {
    for (const { component, source } of logs) {
      source.behind().then(
        (bytes) => counted.behind.set({ component }, bytes),
        () => undefined, // told of where it is read
      )
    }
  }, BEHIND_MS)

  const ended = collector.run()
  return {
    ended,
    stop: async () => {
      state = 'stopping'
      clearInterval(measuring)
      stopping.abort()
      const lastSend = setTimeout(() => givingUp.abort(), LAST_SEND_MS)
      await ended
      clearTimeout(lastSend)
      await bus.close()
      await endpoints.close()
    },
  }
}

/** Logs of containers share the look at the engine's folder. */
function sources(): (place: LogPlace, from: Position | undefined) => LineSource {
  const folders = new Map<string, ContainerFolder>()
  return ({ kind, path }, from) => {
    // A position of the other kind is of another log, as a new one has.
    const isContainer = from !== undefined && 'container' in from
    if (kind === 'file') return new LogFile({ path, from: isContainer ? undefined : from, rotation: rotation() })
    const folder = folders.get(dirname(path)) ?? new ContainerFolder(dirname(path))
    folders.set(dirname(path), folder)
    return new ContainerLog({ folder, tag: basename(path), from: isContainer ? from : undefined })
  }
}

function rotation() {
  const { collectorRotateMebibytes: mebibytes, collectorRotateFiles: files } = env
  return mebibytes > 0 ? { bytes: mebibytes * 1024 * 1024, files } : undefined
}

function stall(lastLook: number): string | undefined {
  const still = performance.now() - lastLook
  return still > STALLED_MS ? `The last look at the logs began ${Math.round(still / 1000)} s ago` : undefined
}

function collectorMetrics(components: readonly string[]) {
  const metrics = createMetrics()
  const records = metrics.counter(METRICS.collectorRecords)
  const leftOut = metrics.counter(METRICS.collectorLeftOut)
  const redactions = metrics.counter(METRICS.collectorRedactions)
  const rotations = metrics.counter(METRICS.collectorRotations)
  const failures = metrics.counter(METRICS.collectorFailures)
  const behind = metrics.gauge(METRICS.collectorBehind)
  for (const component of components) {
    for (const counter of [records, redactions, rotations]) counter.inc({ component }, 0)
    for (const reason of [...LEFT_OUT_REASONS, 'too_large']) leftOut.inc({ component, reason }, 0)
    behind.set({ component }, 0)
  }
  for (const reason of ['connection', 'partition', 'partition_gone']) failures.inc({ reason }, 0)
  return { registry: metrics.registry, records, leftOut, redactions, rotations, failures, behind }
}

await runService(log, start)
