// The trace store's part: roles and migrations.

import type { Sql } from 'postgres'
import postgres from 'postgres'
import { connect } from '@runlight/bridge-postgres/connection'
import { migrateUp, readMigrations } from '@runlight/bridge-postgres/migrate'
import { ensureRoles } from '@runlight/bridge-postgres/roles'
import type { LoginRole } from '@runlight/bridge-postgres/roles'
import type { Log } from '@runlight/service/log'
import { waitFor } from './wait.ts'

export interface DatabaseSettings {
  /** Of a superuser, or of the database's owner with CREATEROLE. */
  url: URL
  password: string
}

/** Connects and waits until the server answers; a wrong password or database is no reason to wait. */
export async function openDatabase({ url, password }: DatabaseSettings, log: Log): Promise<Sql> {
  const sql = connect({ url, password, name: 'runlight-provision', connections: 2 })
  try {
    await waitFor(log, `Postgres at ${url.host}`, () => sql`select 1`, isFinal)
    return sql
  } catch (cause) {
    await sql.end({ timeout: 1 })
    throw cause
  }
}

// 57P03: the server is starting up.
function isFinal(cause: unknown): boolean {
  return cause instanceof postgres.PostgresError && !cause.code.startsWith('57') && !cause.code.startsWith('53')
}

/** Roles, then migrations; gives a sentence for each change. */
export async function ensureDatabase(
  sql: Sql,
  url: URL,
  passwords: Readonly<Record<LoginRole, string>>,
): Promise<string[]> {
  const canLogIn = (role: string, password: string) => tryLogIn(url, role, password)
  const roles = await ensureRoles({ sql, passwords, canLogIn })
  const applied = await migrateUp(sql, await readMigrations())
  return [...roles, ...applied.map((name) => `Migration ${name} was applied.`)]
}

async function tryLogIn(url: URL, role: string, password: string): Promise<boolean> {
  const as = new URL(url)
  as.username = role
  const sql = connect({ url: as, password, name: 'runlight-provision', connections: 1 })
  try {
    await sql`select 1`
    return true
  } catch (cause) {
    // Class 28: refused. Anything else would be no answer to the question.
    if (cause instanceof postgres.PostgresError && cause.code.startsWith('28')) return false
    throw cause
  } finally {
    await sql.end({ timeout: 1 })
  }
}
