// Whose lines are read: those of a run, of components, or all there are.

import { LOG_TYPES } from '@runlight/contracts/log-entry'
import type { LogType } from '@runlight/contracts/log-entry'
import type { Sql } from 'postgres'
import type { Fragment } from './log-lines.ts'

export type LogScope =
  | { kind: 'run'; runId: string }
  /** `names`: undefined means every component. */
  | { kind: 'components'; names: readonly string[] | undefined }
  /** All lines: of one organisation and of one type, where these are given. */
  | { kind: 'all'; orgId: string | undefined; type: LogType | undefined }

/** What a scope adds to the identity of a list, so that a cursor of one is none of another. */
export function scopeIdentity(scope: LogScope): readonly (string | undefined)[] {
  if (scope.kind === 'run') return [scope.runId]
  if (scope.kind === 'components') return ['components', scope.names && JSON.stringify(scope.names)]
  return ['all', scope.orgId, scope.type]
}

/** Rows of the scope in the order of positions, and others: `wantedCondition` leaves only those that are wanted. */
export function positionScope(sql: Sql, scope: LogScope): Fragment {
  if (scope.kind === 'run') return sql`job_run_id = ${scope.runId}`
  return scope.kind === 'components' ? sql`component IS NOT NULL` : sql`true`
}

/** What is wanted of the rows in the order of positions, as a filter. */
export function wantedCondition(sql: Sql, scope: LogScope): Fragment | undefined {
  if (scope.kind === 'run') return undefined
  if (scope.kind === 'components') return scope.names && sql`component = ANY(${scope.names as string[]}::text[])`
  const { orgId, type } = scope
  if (orgId === undefined) return type && sql`type = ${type}`
  return type ? sql`org_id = ${orgId} AND type = ${type}` : sql`org_id = ${orgId}`
}

/** Most components whose lines are merged into one list. */
export const MAX_COMPONENTS = 1_000

/**
 * The first `rows` rows of the scope in the order of time, as something to select from. The lines of each component,
 * or of each type, come from an index of their own order, so that no more than `rows` of each are read.
 */
export function timeOrdered(
  sql: Sql,
  scope: LogScope,
  { range, order, rows }: { range: Fragment; order: Fragment; rows: number },
): Fragment {
  if (scope.kind === 'run') {
    return sql`(SELECT * FROM logs WHERE job_run_id = ${scope.runId} AND ${range} ORDER BY ${order} LIMIT ${rows})`
  }
  if (scope.kind === 'all') {
    const { orgId, type } = scope
    const org = orgId === undefined ? sql`` : sql`AND org_id = ${orgId}`
    const ofType = (one: LogType) =>
      sql`(SELECT * FROM logs WHERE type = ${one} ${org} AND ${range} ORDER BY ${order} LIMIT ${rows})`
    if (type) return ofType(type)
    const [first, ...others] = LOG_TYPES
    const all = others.reduce((some, one) => sql`${some} UNION ALL ${ofType(one)}`, ofType(first))
    return sql`(SELECT * FROM (${all}) AS line ORDER BY ${order} LIMIT ${rows})`
  }
  const names = scope.names
    ? sql`SELECT DISTINCT unnest(${scope.names as string[]}::text[])`
    : sql`SELECT DISTINCT component FROM log_stream WHERE component IS NOT NULL LIMIT ${MAX_COMPONENTS}`
  return sql`(
    SELECT line.* FROM (${names}) AS wanted (name) CROSS JOIN LATERAL (
      SELECT * FROM logs WHERE component = wanted.name AND ${range} ORDER BY ${order} LIMIT ${rows}
    ) AS line ORDER BY ${order} LIMIT ${rows})`
}
