// The observer: what no worker can be trusted to say, read from Temporal's histories.

import type { Settings } from '../settings/schema.ts'
import type { Component, Dependency, Running } from './component.ts'
import { busVariables, service } from './service.ts'

export function temporalObserver(
  settings: Settings,
  { bus, temporal, after }: { bus: Running<'kafka'>; temporal: Running<'grpc'>; after: Dependency },
): Component<'http'> {
  return service({
    name: 'observer',
    title: 'Observer of Temporal',
    workspace: '@runlight/observer',
    port: settings.observer.port,
    setting: 'observer.port',
    needs: [bus, temporal, after],
    memoryMiB: 256,
    variables: () => ({
      ...busVariables(bus.address('kafka'), settings),
      temporalAddress: temporal.address('grpc'),
      temporalNamespace: settings.temporal.namespace,
      observerRequests: settings.observer.requestsPerSecond,
      observerResume: settings.observer.resumeMinutes,
    }),
  })
}
