// What has to be in the bus and in the database before anybody uses them: topics, generations, migrations, roles.

import type { Secrets } from '../settings/load.ts'
import type { Settings } from '../settings/schema.ts'
import type { Running, Task } from './component.ts'
import { busVariables, environment } from './service.ts'
import { postgresUrl } from './trace-store.ts'

export function provision(
  settings: Settings,
  secrets: Secrets,
  { bus, postgres }: { bus: Running<'kafka'>; postgres: Running<'postgres'> },
): Task {
  const { partitions, retentionHours, maxMessageBytes, replication } = settings.topics
  return {
    name: 'provision',
    title: 'Topics, generations and migrations',
    program: { kind: 'package', workspace: '@runlight/provision', entry: 'src/main.ts' },
    needs: [bus, postgres],
    on: [bus, postgres],
    secrets: {
      owner: secrets.postgresOwnerPassword,
      writer: secrets.postgresWriterPassword,
      reader: secrets.postgresReaderPassword,
      grafana: secrets.postgresGrafanaPassword,
    },
    memoryMiB: 256,
    launch: (place) => ({
      arguments: ['up'],
      environment: environment({
        ...busVariables(bus.address('kafka'), settings),
        partitions,
        retentionHours,
        maxMessageBytes,
        replication,
        postgresUrl: postgresUrl(postgres.address('postgres'), 'owner'),
        postgresPassword: place.secret('owner'),
        writerPassword: place.secret('writer'),
        readerPassword: place.secret('reader'),
        grafanaPassword: place.secret('grafana'),
      }),
    }),
    limitSeconds: 120,
  }
}
