// Boards for a person: Grafana, with a data source for each store. Boards and alert rules have their places in the
// provisioning folder: a file below `dashboards/json` or `alerting` is all that one takes.

import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import type { Secrets } from '../settings/load.ts'
import type { Settings } from '../settings/schema.ts'
import type { Component, Running } from './component.ts'
import { renderTemplate } from './template.ts'
import { DATABASE, ROLES } from './trace-store.ts'

interface Sources {
  metrics: Running<'http'>
  loki: Running<'http'>
  postgres: Running<'postgres'>
}

export function boards(
  settings: Settings['grafana'],
  secrets: Secrets,
  { metrics, loki, postgres }: Sources,
): Component<'http'> {
  return {
    name: 'grafana',
    title: 'Boards (Grafana)',
    program: { kind: 'tool', tool: 'grafana', binary: 'grafana' },
    // A source that is away is a message on a board, so it waits for none.
    needs: [],
    secrets: { admin: secrets.grafanaAdminPassword, postgres: secrets.postgresGrafanaPassword },
    memoryMiB: 512,
    endpoints: { http: { port: settings.port, setting: 'grafana.port' } },
    health: { kind: 'http', endpoint: 'http', path: '/api/health' },
    launch: (place) => {
      const { host, port } = place.listen('http')
      const provisioning = place.file('provisioning')
      return {
        arguments: ['server', `--config=${place.file('grafana.ini')}`],
        // Not in the file, as its image sets these variables, and they go before the file.
        environment: {
          GF_PATHS_DATA: place.data,
          GF_PATHS_PLUGINS: `${place.data}/plugins`,
          GF_PATHS_PROVISIONING: provisioning,
        },
        files: {
          'grafana.ini': renderTemplate('grafana/grafana.ini', {
            host,
            port,
            adminPasswordFile: place.secret('admin'),
          }),
          'provisioning/datasources/stores.yaml': renderTemplate('grafana/datasources.yaml', {
            prometheus: `http://${metrics.address('http')}`,
            loki: `http://${loki.address('http')}`,
            organisation: UNASSIGNED_ORG,
            postgres: postgres.address('postgres'),
            database: DATABASE,
            user: ROLES.grafana,
            passwordFile: place.secret('postgres'),
          }),
          'provisioning/dashboards/boards.yaml': renderTemplate('grafana/dashboards.yaml', {
            folder: `${provisioning}/dashboards/json`,
          }),
          // Grafana complains of places that are not there.
          'provisioning/dashboards/json/README': 'Boards, one JSON file each.\n',
          'provisioning/alerting/rules.yaml': 'apiVersion: 1\n',
          'provisioning/plugins/apps.yaml': 'apiVersion: 1\n',
        },
      }
    },
    startSeconds: 120,
    stop: { signal: 'SIGTERM', graceSeconds: 20 },
  }
}
