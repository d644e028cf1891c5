// The workflow engine: Temporal's development server, which keeps its state in one SQLite file.

import type { Settings } from '../settings/schema.ts'
import type { Component } from './component.ts'

export function workflowEngine(settings: Settings['temporal']): Component<'grpc' | 'ui' | 'metrics'> {
  return {
    name: 'temporal',
    title: 'Workflow engine (Temporal)',
    program: { kind: 'tool', tool: 'temporal', binary: 'temporal' },
    needs: [],
    memoryMiB: 512,
    endpoints: {
      grpc: { port: settings.port, setting: 'temporal.port' },
      ui: { port: settings.uiPort, setting: 'temporal.uiPort' },
      metrics: { port: settings.metricsPort, setting: 'temporal.metricsPort', inner: true },
    },
    health: { kind: 'temporal', endpoint: 'grpc', namespace: settings.namespace },
    metrics: { endpoint: 'metrics', path: '/metrics' },
    launch: (place) => {
      const grpc = place.listen('grpc')
      const ui = place.listen('ui')
      return {
        arguments: [
          ...['server', 'start-dev'],
          ...['--db-filename', `${place.data}/temporal.db`],
          ...['--namespace', settings.namespace],
          ...['--ip', grpc.host, '--port', String(grpc.port)],
          ...['--ui-ip', ui.host, '--ui-port', String(ui.port)],
          ...['--metrics-port', String(place.listen('metrics').port)],
          ...['--log-level', 'warn', '--log-format', 'json'],
        ],
      }
    },
    startSeconds: 120,
    stop: { signal: 'SIGTERM', graceSeconds: 20 },
  }
}
