// Whose lines are read: those of a run, or of components.

import type { Sql } from 'postgres'
import type { Fragment } from './log-lines.ts'

/** `names`: undefined means every component. */
export type LogScope = { kind: 'run'; runId: string } | { kind: 'components'; names: readonly string[] | undefined }

/** What a scope adds to the identity of a list, so that a cursor of one is none of another. */
export function scopeIdentity(scope: LogScope): readonly (string | undefined)[] {
  return scope.kind === 'run' ? [scope.runId] : ['components', scope.names && JSON.stringify(scope.names)]
}

/** Rows of the scope in the order of positions; of components all of them: `nameCondition` leaves only those that are wanted. */
export function positionScope(sql: Sql, scope: LogScope): Fragment {
  return scope.kind === 'run' ? sql`job_run_id = ${scope.runId}` : sql`component IS NOT NULL`
}

/** The components that are wanted, as a filter of their lines. */
export function nameCondition(sql: Sql, scope: LogScope): Fragment | undefined {
  if (scope.kind === 'run' || scope.names === undefined) return undefined
  return sql`component = ANY(${scope.names as string[]}::text[])`
}

/** Most components whose lines are merged into one list. */
export const MAX_COMPONENTS = 1_000

/**
 * The first `rows` rows of the scope in the order of time, as something to select from. The lines of each component
 * come from an index of their own order, so that no more than `rows` of each are read.
 */
export function timeOrdered(
  sql: Sql,
  scope: LogScope,
  { range, order, rows }: { range: Fragment; order: Fragment; rows: number },
): Fragment {
  if (scope.kind === 'run') {
    return sql`(SELECT * FROM logs WHERE job_run_id = ${scope.runId} AND ${range} ORDER BY ${order} LIMIT ${rows})`
  }
  const names = scope.names
    ? sql`SELECT DISTINCT unnest(${scope.names as string[]}::text[])`
    : sql`SELECT DISTINCT component FROM log_stream WHERE component IS NOT NULL LIMIT ${MAX_COMPONENTS}`
  return sql`(
    SELECT line.* FROM (${names}) AS wanted (name) CROSS JOIN LATERAL (
      SELECT * FROM logs WHERE component = wanted.name AND ${range} ORDER BY ${order} LIMIT ${rows}
    ) AS line ORDER BY ${order} LIMIT ${rows})`
}
