// The Temporal worker that runs the demo workflows.

import type { Platform } from '../platforms/platform.ts'
import type { Settings } from '../settings/schema.ts'
import type { Component, Dependency, Running } from './component.ts'
import { busVariables, service } from './service.ts'

export function demoWorker(
  settings: Settings,
  {
    bus,
    temporal,
    after,
    files,
  }: {
    bus: Running<'kafka'>
    temporal: Running<'grpc'>
    after: Dependency
    /** What it audits and where it writes, as it sees them. */
    files: Platform['worker']
  },
): Component<'http'> {
  return service({
    name: 'worker',
    title: 'Demo worker',
    workspace: '@runlight/demo',
    port: settings.demo.port,
    setting: 'demo.port',
    needs: [bus, temporal, after],
    memoryMiB: 512,
    variables: () => ({
      ...busVariables(bus.address('kafka'), settings),
      temporalAddress: temporal.address('grpc'),
      temporalNamespace: settings.temporal.namespace,
      temporalTaskQueue: settings.demo.taskQueue,
      demoLockFile: files.lockFile,
      demoReportFolder: files.outputFolder,
    }),
  })
}
