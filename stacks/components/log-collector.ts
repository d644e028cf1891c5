// The log collector: what the components say in their own logs, as records on the bus.

import * as pulumi from '@pulumi/pulumi'
import type { Secrets } from '../settings/load.ts'
import type { Settings } from '../settings/schema.ts'
import type { Component, Dependency, Place, Running } from './component.ts'
import { busVariables, service } from './service.ts'

const NAME = 'log-collector'

/** @param of names of the components whose logs are shipped, beside its own */
export function logCollector(
  settings: Settings,
  secrets: Secrets,
  { bus, after, of }: { bus: Running<'kafka'>; after: Dependency; of: readonly string[] },
): Component<'http'> {
  const { port, rotateMebibytes, rotatedFiles, linesPerSecond, shippingPathLinesPerMinute } = settings.collector
  const described = service({
    name: NAME,
    title: 'Log collector',
    workspace: '@runlight/collector',
    port,
    setting: 'collector.port',
    needs: [bus, after],
    // It knows every credential, so that it can tell one wherever it was printed.
    secrets: { credentials: pulumi.all(Object.values(secrets)).apply((texts) => texts.join('\n')) },
    memoryMiB: 256,
    variables: (place) => ({
      ...busVariables(bus.address('kafka'), settings),
      collectorLogs: [...of, NAME].map((name) => `${name}=${outputOf(place, name)}`).join(),
      collectorState: place.data,
      collectorCredentials: place.secret('credentials'),
      collectorRotateMebibytes: rotateMebibytes,
      collectorRotateFiles: rotatedFiles,
      collectorLines: linesPerSecond,
      collectorShippingLines: shippingPathLinesPerMinute,
    }),
  })
  return { ...described, readsLogs: true }
}

function outputOf(place: Place<'http'>, name: string): string {
  if (place.output) return place.output(name)
  throw new Error(`The log of ${name} cannot be read here; switch the collector off: runlight:collector.run no`)
}
