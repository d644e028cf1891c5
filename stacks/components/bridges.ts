// The two bridges: from the bus into a store.

import type { SinkName } from '@runlight/contracts/topics'
import type { Secrets } from '../settings/load.ts'
import type { Settings } from '../settings/schema.ts'
import type { Component, Dependency, Running } from './component.ts'
import { busVariables, service } from './service.ts'
import { postgresUrl } from './trace-store.ts'

/**
 * What a bridge may take, and what of it its heap may. Under 1,000,000 records, with broker, stores and bridges killed and
 * two instances of each, the one to PostgreSQL takes some 270 MiB, and so does the one to Loki: what waits and what is
 * decoded is bounded by bytes (packages/bridges/core). The rest is head-room. The delivery suite runs the bridges with
 * these heaps and asserts that they stay below.
 */
export const BRIDGE_MEMORY: Readonly<Record<SinkName, { memoryMiB: number; heapMiB: number }>> = {
  loki: { memoryMiB: 512, heapMiB: 320 },
  postgres: { memoryMiB: 576, heapMiB: 384 },
}

export function lokiBridge(
  settings: Settings,
  { bus, loki, after }: { bus: Running<'kafka'>; loki: Running<'http'>; after: Dependency },
): Component<'http'> {
  return service({
    name: 'bridge-loki',
    title: 'Bridge to Loki',
    workspace: '@runlight/bridge-loki',
    port: settings.bridges.loki.port,
    setting: 'bridges.loki.port',
    needs: [bus, loki, after],
    ...BRIDGE_MEMORY.loki,
    variables: () => ({
      ...busVariables(bus.address('kafka'), settings),
      lokiUrl: `http://${loki.address('http')}`,
      lokiLabels: settings.loki.labels,
      lokiLines: settings.loki.lines,
      lokiPushes: settings.bridges.loki.pushes,
      lokiLineBytes: settings.loki.maxLineKiB * 1024,
      // Loki takes lines of any age here, but removes those above its retention.
      lokiAgeHours: settings.loki.retentionDays * 24,
    }),
  })
}

export function postgresBridge(
  settings: Settings,
  secrets: Secrets,
  { bus, postgres, after }: { bus: Running<'kafka'>; postgres: Running<'postgres'>; after: Dependency },
): Component<'http'> {
  return service({
    name: 'bridge-postgres',
    title: 'Bridge to PostgreSQL',
    workspace: '@runlight/bridge-postgres',
    port: settings.bridges.postgres.port,
    setting: 'bridges.postgres.port',
    needs: [bus, postgres, after],
    secrets: { password: secrets.postgresWriterPassword },
    ...BRIDGE_MEMORY.postgres,
    variables: (place) => ({
      ...busVariables(bus.address('kafka'), settings),
      postgresUrl: postgresUrl(postgres.address('postgres'), 'writer'),
      postgresPassword: place.secret('password'),
      // Part of the stored reference to the lines in Loki.
      lokiLabels: settings.loki.labels,
      logDays: settings.postgres.logDays,
    }),
  })
}
