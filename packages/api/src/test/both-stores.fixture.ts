// A trace store whose entries are pushed to a real Loki too, in both label modes, and an API for each of them.

import { createLokiSink } from '@runlight/bridge-loki/loki-sink'
import type { LabelMode } from '@runlight/contracts/labels'
import { LABEL_MODES } from '@runlight/contracts/labels'
import { TOPICS } from '@runlight/contracts/topics'
import { createMetrics } from '@runlight/service/metrics'
import { startLoki } from '../../../../regression/fixtures/loki.ts'
import type { LokiSettings, TestLoki } from '../../../../regression/fixtures/loki.ts'
import { startTestApi } from './api.fixture.ts'
import type { TestApi } from './api.fixture.ts'
import { startTraceStore } from './trace-store.fixture.ts'
import type { TraceStore } from './trace-store.fixture.ts'

/** As old as an entry may be that Loki takes. */
const AGE_LIMIT_MS = 30 * 86_400_000

export interface BothStores {
  loki: TestLoki
  store: TraceStore
  api: (labels: LabelMode) => TestApi
  stop: () => Promise<void>
}

export async function startBothStores(
  settings: { lines?: 'json' | 'plain'; limits?: LokiSettings['limits'] } = {},
): Promise<BothStores> {
  const { lines = 'json', limits } = settings
  const running: { stop: () => Promise<void> }[] = []
  const started = <T extends { stop: () => Promise<void> }>(server: T): T => {
    running.unshift(server)
    return server
  }
  const stop = async () => {
    for (const server of running.splice(0)) await server.stop()
  }
  try {
    const loki = started(await startLoki(limits && { limits }))
    const sinks = LABEL_MODES.map((labels) =>
      createLokiSink({
        ...{ url: loki.url, topic: TOPICS.logs, labels, lines, lineLimit: 256 * 1024, pushes: 8 },
        ...{ ageLimitMillis: AGE_LIMIT_MS, metrics: createMetrics() },
      }),
    )
    const store = started(await startTraceStore(sinks))
    const apis = new Map<LabelMode, TestApi>()
    for (const lokiLabels of LABEL_MODES) {
      apis.set(lokiLabels, started(await startTestApi(store.postgres, { lokiUrl: loki.url, lokiLabels })))
    }
    return { loki, store, api: (labels) => apis.get(labels) as TestApi, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}
