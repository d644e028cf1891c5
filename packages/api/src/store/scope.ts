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

/**
 * Rows of the scope in one partition, from an offset on and below another, and the order of their offsets. `run` is the
 * run of a scope that is one. That of a run is said as one comparison, which only the index of runs can answer: the key of
 * the table has the same order, and where the server knows too little it would read the lines of everybody.
 */
export function positionWindow(
  sql: Sql,
  kind: LogScope['kind'],
  { run, partition, from, until }: { run: Fragment; partition: Fragment; from: Fragment; until: Fragment },
): { range: Fragment; order: Fragment } {
  if (kind === 'run') {
    const place = sql`(job_run_id, logs.kafka_partition, kafka_offset)`
    const range = sql`job_run_id IS NOT NULL
      AND ${place} >= (${run}, ${partition}, ${from}) AND ${place} < (${run}, ${partition}, ${until})`
    return { range, order: sql`job_run_id, logs.kafka_partition, kafka_offset` }
  }
  const range = sql`${kind === 'components' ? sql`component IS NOT NULL` : sql`true`}
    AND logs.kafka_partition = ${partition} AND kafka_offset >= ${from} AND kafka_offset < ${until}`
  return { range, order: sql`kafka_offset` }
}

/** What is wanted of the rows in the order of positions, as a filter. */
export function wantedCondition(sql: Sql, scope: LogScope): Fragment | undefined {
  if (scope.kind === 'run') return undefined
  if (scope.kind === 'components') return scope.names && sql`component = ANY(${scope.names as string[]}::text[])`
  const { orgId, type } = scope
  if (orgId === undefined) return type && sql`type = ${type}`
  return type ? sql`org_id = ${orgId} AND type = ${type}` : sql`org_id = ${orgId}`
}

/** Most organisations whose lines are merged into one list, where they are not asked for by one. */
const MAX_ORGANISATIONS = 1_000

/**
 * The organisation, or all that have lines, as something to select from: one step in an index for each
 * (https://wiki.postgresql.org/wiki/Loose_indexscan).
 */
export function organisations(sql: Sql, orgId: string | undefined): Fragment {
  if (orgId !== undefined) return sql`VALUES (${orgId}::text)`
  return sql`
    WITH RECURSIVE known (org_id) AS (
      (SELECT log_stream.org_id FROM log_stream ORDER BY log_stream.org_id LIMIT 1)
      UNION ALL
      SELECT (SELECT next.org_id FROM log_stream AS next WHERE next.org_id > known.org_id ORDER BY next.org_id LIMIT 1)
      FROM known WHERE known.org_id IS NOT NULL
    ) SELECT known.org_id FROM known WHERE known.org_id IS NOT NULL LIMIT ${MAX_ORGANISATIONS}`
}

/** Most components whose lines are merged into one list. */
export const MAX_COMPONENTS = 1_000

/**
 * The first `rows` rows of the scope in the order of time, as something to select from. The lines of each component,
 * or of each organisation and type, come from an index of their own order, so that no more than `rows` of each are read.
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
    // Each type by its name: an index is of one type or of two, and the server must see which.
    const ofType = (one: LogType) => sql`(
      SELECT line.* FROM (${organisations(sql, orgId)}) AS wanted (org_id) CROSS JOIN LATERAL (
        SELECT * FROM logs WHERE logs.org_id = wanted.org_id AND type = ${one} AND ${range} ORDER BY ${order} LIMIT ${rows}
      ) AS line ORDER BY ${order} LIMIT ${rows})`
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
