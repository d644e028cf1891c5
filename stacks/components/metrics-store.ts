// The metrics store: Prometheus, which scrapes exactly what is provisioned.

import type { Settings } from '../settings/schema.ts'
import type { Component, Running } from './component.ts'
import { renderTemplate } from './template.ts'

const FILE = 'prometheus.yml'

export function metricsStore(
  settings: Settings['prometheus'],
  { scrape }: { scrape: readonly Running[] },
): Component<'http'> {
  return {
    name: 'prometheus',
    title: 'Metrics store (Prometheus)',
    program: { kind: 'tool', tool: 'prometheus', binary: 'prometheus' },
    // It scrapes whoever answers, so it waits for nobody.
    needs: [],
    memoryMiB: 512,
    endpoints: { http: { port: settings.port, setting: 'prometheus.port' } },
    health: { kind: 'http', endpoint: 'http', path: '/-/ready' },
    metrics: { endpoint: 'http', path: '/metrics' },
    launch: (place) => {
      const { host, port } = place.listen('http')
      return {
        arguments: [
          `--config.file=${place.file(FILE)}`,
          `--storage.tsdb.path=${place.data}`,
          `--storage.tsdb.retention.time=${settings.retentionDays}d`,
          `--web.listen-address=${host}:${port}`,
          '--log.level=warn',
        ],
        files: {
          [FILE]: renderTemplate('prometheus/prometheus.yml', {
            scrapeSeconds: settings.scrapeSeconds,
            scrapeConfigs: JSON.stringify([
              scrapeConfig('prometheus', place.address('http'), '/metrics'),
              // A component without metrics has no target: one that can't exist would look like one that is down.
              ...scrape.flatMap(({ name, metrics }) =>
                metrics ? [scrapeConfig(name, metrics.address, metrics.path)] : [],
              ),
            ]),
          }),
        },
      }
    },
    startSeconds: 120,
    stop: { signal: 'SIGTERM', graceSeconds: 30 },
  }
}

function scrapeConfig(job: string, target: string, path: string) {
  return { job_name: job, metrics_path: path, static_configs: [{ targets: [target] }] }
}
