// telemetry.logs → Loki.

import { BRIDGE_VARIABLES, startBridge } from '@runlight/bridge-core/bridge'
import { readEnvironment } from '@runlight/contracts/environment'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { runService } from '@runlight/service/run'
import manifest from '../package.json' with { type: 'json' }
import { createLokiSink } from './loki-sink.ts'

const LOKI_VARIABLES = ['lokiUrl', 'lokiLabels', 'lokiLines', 'lokiPushes', 'lokiLineBytes', 'lokiAgeHours'] as const

const log = createLog({
  component: 'bridge-loki',
  instance: process.env['RUNLIGHT_INSTANCE'] ?? '0',
  level: 'info',
})

await runService(log, async () => {
  const environment = readEnvironment([...BRIDGE_VARIABLES, ...LOKI_VARIABLES])
  log.level = environment.logLevel
  const metrics = createMetrics()
  const sink = createLokiSink({
    url: environment.lokiUrl,
    topic: environment.logTopic,
    labels: environment.lokiLabels,
    lines: environment.lokiLines,
    lineLimit: environment.lokiLineBytes,
    pushes: environment.lokiPushes,
    ageLimitMillis: environment.lokiAgeHours * 3_600_000,
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
