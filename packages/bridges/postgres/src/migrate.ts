// Migrations up and down: plain SQL files, each in one transaction with its line in schema_migrations.

import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import type { Sql, TransactionSql } from 'postgres'
import { RunlightError } from '@runlight/contracts/errors'
import { ROLES, TABLES } from '@runlight/contracts/tables'

export interface Migration {
  version: number
  name: string
  up: string
  down: string
  /** Of the text of `up`: what was applied must stay as it was. */
  checksum: string
}

interface AppliedRow {
  version: number
  name: string
  checksum: string
}

const FOLDER = new URL('../migrations/', import.meta.url)

export async function readMigrations(): Promise<Migration[]> {
  const files = await readdir(FOLDER)
  const ups = files.filter((file) => file.endsWith('.up.sql')).sort()
  return Promise.all(
    ups.map(async (file) => {
      const name = file.replace('.up.sql', '')
      const up = await readFile(new URL(file, FOLDER), 'utf8')
      const down = await readFile(new URL(`${name}.down.sql`, FOLDER), 'utf8')
      const checksum = createHash('sha256').update(up).digest('hex')
      return { version: Number.parseInt(name, 10), name, up, down, checksum }
    }),
  )
}

/**
 * Applies what is missing, in order, and gives the names. Two at once follow one another. Objects belong to the owner's
 * role, whoever is connected.
 * @throws RunlightError RL_MIGRATION_FAILED
 */
export async function migrateUp(sql: Sql, migrations: readonly Migration[]): Promise<string[]> {
  return underLock(sql, async (applied) => {
    const done: string[] = []
    for (const migration of migrations) {
      const before = applied.find((row) => row.version === migration.version)
      if (before) assertUnchanged(before, migration)
      else {
        await step(sql, migration.name, async (tx) => {
          await tx.unsafe(migration.up)
          const { version, name, checksum } = migration
          await tx`insert into schema_migrations ${tx({ version, name, checksum })}`
        })
        done.push(migration.name)
      }
    }
    return done
  })
}

/**
 * Reverts everything that is applied, the last first, and gives the names.
 * @throws RunlightError RL_MIGRATION_FAILED, also where data would be lost and `force` is not set
 */
export async function migrateDown(
  sql: Sql,
  migrations: readonly Migration[],
  { force }: { force: boolean },
): Promise<string[]> {
  return underLock(sql, async (applied) => {
    if (!force) await assertNoData(sql)
    const done: string[] = []
    for (const { version, name } of applied.toReversed()) {
      const migration = migrations.find((candidate) => candidate.version === version)
      if (!migration) throw failed(`${name} is applied, but this version of Runlight does not know it.`)
      await step(sql, name, async (tx) => {
        await tx.unsafe(migration.down)
        await tx`delete from schema_migrations where version = ${version}`
      })
      done.push(name)
    }
    return done
  })
}

/** Names of the migrations that are applied, and of those that are not. */
export async function migrationStatus(sql: Sql, migrations: readonly Migration[]) {
  const applied = await readApplied(sql)
  const versions = new Set(applied.map((row) => row.version))
  return {
    applied: applied.map((row) => row.name),
    pending: migrations.filter(({ version }) => !versions.has(version)).map(({ name }) => name),
  }
}

// The lock is that of a transaction which does nothing else, so that it covers several others; it is given back with its
// connection in any case.
async function underLock<R>(sql: Sql, work: (applied: AppliedRow[]) => Promise<R>): Promise<R> {
  const { result } = await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtext('runlight_migrations'))`
    return { result: await work(await readApplied(sql)) }
  })
  return result
}

async function readApplied(sql: Sql): Promise<AppliedRow[]> {
  const [table] = await sql<{ found: boolean }[]>`select to_regclass('schema_migrations') is not null as found`
  if (!table?.found) return []
  return sql<AppliedRow[]>`select version, name, checksum from schema_migrations order by version`
}

async function step(sql: Sql, name: string, work: (tx: TransactionSql) => Promise<void>): Promise<void> {
  try {
    await sql.begin(async (tx) => {
      await tx`set local role ${tx(ROLES.owner)}`
      await tx`create table if not exists schema_migrations (
        version integer primary key, name text not null, checksum text not null,
        applied_at timestamptz not null default now())`
      await work(tx)
    })
  } catch (cause) {
    throw failed(`${name} failed and was rolled back: ${(cause as Error).message}`, cause)
  }
}

function assertUnchanged(applied: AppliedRow, migration: Migration): void {
  if (applied.checksum === migration.checksum) return
  throw failed(`${migration.name} was changed after it had been applied; write a new migration instead.`)
}

async function assertNoData(sql: Sql): Promise<void> {
  for (const table of Object.keys(TABLES)) {
    const [found] = await sql<{ found: boolean }[]>`select to_regclass(${table}) is not null as found`
    if (!found?.found) continue
    const rows = await sql`select 1 from ${sql(table)} limit 1`
    if (rows.length > 0)
      throw failed(`The table ${table} holds data, which this would delete; --force does it all the same.`)
  }
}

function failed(message: string, cause?: unknown): RunlightError {
  return new RunlightError('RL_MIGRATION_FAILED', message, { cause })
}
