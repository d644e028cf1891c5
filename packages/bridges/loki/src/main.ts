// telemetry.logs → Loki.

import { BRIDGE_VARIABLES, startBridge } from '@runlight/bridge-core/bridge'
import { readEnvironment } from '@runlight/contracts/environment'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { runService } from '@runlight/service/run'
import manifest from '../package.json' with { type: 'json' }
import { LINE_LIMIT_BYTES, createLokiSink } from './loki-sink.ts'

const log = createLog({
  component: 'bridge-loki',
  instance: process.env['RUNLIGHT_INSTANCE'] ?? '0',
  level: 'info',
})

await runService(log, async () => {
  const environment = readEnvironment([...BRIDGE_VARIABLES, 'lokiUrl', 'lokiLabels', 'lokiLines'])
  log.level = environment.logLevel
  const metrics = createMetrics()
  const sink = createLokiSink({
    url: environment.lokiUrl,
    topic: environment.logTopic,
    labels: environment.lokiLabels,
    lines: environment.lokiLines,
    lineLimit: LINE_LIMIT_BYTES,
    metrics,
  })
  return startBridge({
    ...{ environment, version: manifest.version, log, metrics, sink },
    // Loki refuses what is an hour behind its stream's newest entry. A record's effective time lies within 25 minutes
    // before and 5 after its append time, so what may be repeated must not span more than 20 minutes of it.
    limits: {
      // Readers who can't wait read from Postgres; a quarter of a second makes fewer and fuller pushes.
      lingerMillis: 250,
      records: 20_000,
      bytes: 2 * 1024 * 1024,
      spanMillis: 10 * 60_000,
      uncommittedSpanMillis: 20 * 60_000,
    },
  })
})
