// Database roles: what each may do is granted by the migrations, that they exist and can log in is settled here.

import type { Sql } from 'postgres'
import { ROLES } from '@runlight/contracts/tables'
import { scramVerifier } from './scram.ts'

/** Roles that log in with a password of their own. */
export const LOGIN_ROLES = ['writer', 'reader', 'grafana'] as const
export type LoginRole = (typeof LOGIN_ROLES)[number]

export interface RoleSettings {
  /** Connected as a superuser, or as the database's owner with CREATEROLE. */
  sql: Sql
  passwords: Readonly<Record<LoginRole, string>>
  /** Can the role log in with this password? */
  canLogIn: (role: string, password: string) => Promise<boolean>
}

/** Makes roles that are missing and sets passwords that don't fit; gives a sentence for each change. */
export async function ensureRoles({ sql, passwords, canLogIn }: RoleSettings): Promise<string[]> {
  const changes: string[] = []
  const rows = await sql<{ rolname: string }[]>`
    select rolname from pg_roles where rolname = any(${Object.values(ROLES)}::text[])`
  const known = new Set(rows.map((row) => row.rolname))
  for (const role of Object.values(ROLES)) {
    if (known.has(role)) continue
    await sql`create role ${sql(role)} nologin`
    changes.push(`Role ${role} was created.`)
  }
  await becomeOwner(sql)
  for (const name of LOGIN_ROLES) {
    if (await canLogIn(ROLES[name], passwords[name])) continue
    // DDL takes no parameters; a verifier holds nothing that would have to be quoted.
    await sql.unsafe(`alter role ${ROLES[name]} login password '${scramVerifier(passwords[name])}'`)
    changes.push(`The password of ${ROLES[name]} was set.`)
  }
  return changes
}

// The schema's objects belong to the owner's role, so whoever provisions must be able to act as that role, and the role
// must be able to make objects. A superuser can do both already; granting it again changes nothing.
async function becomeOwner(sql: Sql): Promise<void> {
  const owner = sql(ROLES.owner)
  const [own] = await sql<{ is_owner: boolean; may_act: boolean; may_create: boolean }[]>`
    select current_user = ${ROLES.owner} as is_owner,
      pg_has_role(${ROLES.owner}, 'set') as may_act,
      has_schema_privilege(${ROLES.owner}, 'public', 'create') as may_create`
  if (!own) return
  if (!own.is_owner && !own.may_act) await sql`grant ${owner} to current_user with inherit true, set true`
  if (!own.may_create) await sql`grant create on schema public to ${owner}`
}
