// The hot store of runs, traces and recent logs: PostgreSQL. The superuser has no password and can't log in over the
// network; before each start, the owner's role and password are set as they are configured.

import type * as pulumi from '@pulumi/pulumi'
import type { Secrets } from '../settings/load.ts'
import type { Settings } from '../settings/schema.ts'
import type { Component, Place, SetUpStep } from './component.ts'
import { renderTemplate } from './template.ts'

export const DATABASE = 'runlight'

/** Roles by what they are for; provision makes all but the owner. */
export const ROLES = {
  owner: 'runlight',
  writer: 'runlight_writer',
  reader: 'runlight_reader',
  grafana: 'runlight_grafana',
} as const

/**
 * For queries that run in parallel: the hash table of one join may take work_mem × hash_mem_multiplier (2) in each of
 * three processes, which is 96 MiB. A container has 64 by default, and a query that finds no more fails.
 */
const SHARED_MEMORY_MIB = 256

/** Address with role and database, without a password. */
export function postgresUrl(address: string, role: keyof typeof ROLES): string {
  return `postgres://${ROLES[role]}@${address}/${DATABASE}`
}

export function traceStore(settings: Settings['postgres'], secrets: Secrets): Component<'postgres'> {
  return {
    name: 'postgres',
    title: 'Trace store (PostgreSQL)',
    program: { kind: 'tool', tool: 'postgres', binary: 'postgres' },
    needs: [],
    secrets: {
      owner: secrets.postgresOwnerPassword,
      'owner.sql': setOwnerPassword(secrets.postgresOwnerPassword),
    },
    memoryMiB: settings.sharedBuffersMiB * 3,
    sharedMemoryMiB: SHARED_MEMORY_MIB,
    endpoints: { postgres: { port: settings.port, setting: 'postgres.port' } },
    health: {
      kind: 'postgres',
      endpoint: 'postgres',
      user: ROLES.owner,
      database: DATABASE,
      passwordSecret: 'owner',
    },
    launch: (place) => {
      const { host, port } = place.listen('postgres')
      return {
        arguments: [configFile(place)],
        // Images name a folder here that need not be there, and the server ends when it is not, whatever its file says.
        environment: { PGDATA: place.data },
        files: {
          'postgresql.conf': renderTemplate('postgres/postgresql.conf', {
            host,
            port,
            data: place.data,
            accessFile: place.file('pg_hba.conf'),
            identFile: place.file('pg_ident.conf'),
            maxConnections: settings.maxConnections,
            sharedBuffersMiB: settings.sharedBuffersMiB,
          }),
          'pg_hba.conf': renderTemplate('postgres/pg_hba.conf', {
            clients: place.clients.map((network) => `host all all ${network} scram-sha-256`).join('\n'),
          }),
          'pg_ident.conf': '',
          'create.sql': `CREATE ROLE ${ROLES.owner} LOGIN CREATEROLE;\nCREATE DATABASE ${DATABASE} OWNER ${ROLES.owner};\n`,
        },
        initialise: [
          {
            name: 'initdb',
            program: { kind: 'tool', tool: 'postgres', binary: 'initdb' },
            arguments: [
              `--pgdata=${place.data}`,
              '--username=postgres',
              '--encoding=UTF8',
              // Byte order: the same on every machine, so an index never depends on the system's locale.
              '--locale=C',
              '--auth=reject',
              '--data-checksums',
              '--no-instructions',
            ],
          },
          singleUser('create the database', place, place.file('create.sql')),
        ],
        // With a pid that another process may have been given, after a crash of the machine above all.
        locks: ['postmaster.pid'],
        prepare: [singleUser("set the owner's password", place, place.secret('owner.sql'))],
      }
    },
    startSeconds: 120,
    // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait until the last client has gone.
    stop: { signal: 'SIGINT', graceSeconds: 60 },
    unprivileged: true,
  }
}

const configFile = (place: Place<'postgres'>) => `--config-file=${place.file('postgresql.conf')}`

/** Statements, one a line, run by the server itself while it takes no connections. */
function singleUser(name: string, place: Place<'postgres'>, input: string): SetUpStep {
  return {
    name,
    program: { kind: 'tool', tool: 'postgres', binary: 'postgres' },
    arguments: ['--single', configFile(place), 'postgres'],
    input,
  }
}

function setOwnerPassword(password: pulumi.Output<string>): pulumi.Output<string> {
  return password.apply((text) => `ALTER ROLE ${ROLES.owner} PASSWORD '${text.replaceAll("'", "''")}';\n`)
}
