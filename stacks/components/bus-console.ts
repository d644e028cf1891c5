// A look into the bus for a person: Redpanda Console, which works with any Kafka.

import type { Settings } from '../settings/schema.ts'
import type { Component, Running } from './component.ts'
import { renderTemplate } from './template.ts'

const FILE = 'console.yaml'

export function busConsole(settings: Settings['console'], { bus }: { bus: Running<'kafka'> }): Component<'http'> {
  return {
    name: 'console',
    title: 'Redpanda Console',
    program: { kind: 'tool', tool: 'console', binary: 'console' },
    needs: [bus],
    memoryMiB: 256,
    endpoints: { http: { port: settings.port, setting: 'console.port' } },
    health: { kind: 'http', endpoint: 'http', path: '/admin/health' },
    metrics: { endpoint: 'http', path: '/admin/metrics' },
    launch: (place) => {
      const { host, port } = place.listen('http')
      return {
        arguments: [`-config.filepath=${place.file(FILE)}`],
        files: { [FILE]: renderTemplate('console/console.yaml', { host, port, broker: bus.address('kafka') }) },
      }
    },
    startSeconds: 120,
    stop: { signal: 'SIGTERM', graceSeconds: 20 },
  }
}
