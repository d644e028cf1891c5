// The long-term store of log lines: Loki as a single binary on the file system, with tenants.

import type { Settings } from '../settings/schema.ts'
import type { Component } from './component.ts'
import { renderTemplate } from './template.ts'

const FILE = 'loki.yaml'

export function logStore(settings: Settings['loki']): Component<'http' | 'grpc'> {
  return {
    name: 'loki',
    title: 'Log store (Loki)',
    program: { kind: 'tool', tool: 'loki', binary: 'loki' },
    needs: [],
    memoryMiB: 1024,
    endpoints: {
      http: { port: settings.port, setting: 'loki.port' },
      grpc: { port: settings.grpcPort, setting: 'loki.grpcPort', inner: true },
    },
    health: { kind: 'http', endpoint: 'http', path: '/ready' },
    metrics: { endpoint: 'http', path: '/metrics' },
    launch: (place) => {
      const [http, grpc] = [place.listen('http'), place.listen('grpc')]
      return {
        arguments: [`-config.file=${place.file(FILE)}`],
        files: {
          [FILE]: renderTemplate('loki/loki.yaml', {
            host: http.host,
            httpPort: http.port,
            grpcPort: grpc.port,
            data: place.data,
            rateMiB: settings.ingestionRateMiB,
            burstMiB: settings.ingestionRateMiB * 2,
            maxStreams: settings.maxStreams,
            lineKiB: settings.maxLineKiB,
            retentionHours: settings.retentionDays * 24,
          }),
        },
        writeAheadLog: 'wal',
      }
    },
    startSeconds: 120,
    stop: { signal: 'SIGTERM', graceSeconds: 30 },
  }
}
