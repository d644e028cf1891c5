// The API: runs, status, traces and logs, read from the stores.

import type { Secrets } from '../settings/load.ts'
import type { Settings } from '../settings/schema.ts'
import type { Component, Dependency, Place, Running } from './component.ts'
import { busVariables, service } from './service.ts'
import { postgresUrl } from './trace-store.ts'

interface Stores {
  bus: Running<'kafka'>
  postgres: Running<'postgres'>
  loki: Running<'http'>
  temporal: Running<'grpc'>
  after: Dependency
  /** Components besides these whose health and version it tells. */
  around: readonly Running[]
}

/**
 * What the API may take, and what of it its heap may. 2,000 idle followers of a run each keep some 50 MiB beside the 40 of
 * the program, rings up to 64. Without a bound, V8 lets their garbage grow by another 100 MiB before it collects it; with
 * 224 MiB it collected so often under 5,000 lines a second that lines came 900 ms later (docs/performance.md).
 */
export const API_MEMORY = { memoryMiB: 512, heapMiB: 352 }

export function telemetryApi(settings: Settings, secrets: Secrets, stores: Stores): Component<'http'> {
  const { bus, postgres, loki, temporal, after } = stores
  const asked = new Set([bus, postgres, loki, temporal].map(({ name }) => name))
  const around = stores.around.filter(({ name }) => !asked.has(name))
  return service({
    name: 'api',
    title: 'Telemetry API',
    workspace: '@runlight/api',
    port: settings.api.port,
    setting: 'api.port',
    needs: [bus, postgres, loki, temporal, after],
    secrets: { password: secrets.postgresReaderPassword },
    ...API_MEMORY,
    variables: (place) => ({
      ...busVariables(bus.address('kafka'), settings),
      postgresUrl: postgresUrl(postgres.address('postgres'), 'reader'),
      postgresPassword: place.secret('password'),
      lokiUrl: `http://${loki.address('http')}`,
      lokiLabels: settings.loki.labels,
      temporalAddress: temporal.address('grpc'),
      temporalNamespace: settings.temporal.namespace,
      temporalTaskQueue: settings.demo.taskQueue,
      runPrefix: settings.runPrefix,
      origins: [ownOrigin(place), ...(settings.api.origins ? [settings.api.origins] : [])].join(),
      componentPages: around.flatMap(({ name, page }) => (page === undefined ? [] : [`${name}=${page}`])).join(),
    }),
  })
}

/** Where a person reaches it: an engine elsewhere has a name that the API has to be told of. */
function ownOrigin(place: Place<'http'>): string {
  return `http://${place.listeners('http').at(-1)?.advertised ?? place.address('http')}`
}
