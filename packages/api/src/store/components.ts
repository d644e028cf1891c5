// Components as the trace store knows them, from where their lines lie.

import type { Sql } from 'postgres'
import { MAX_COMPONENTS } from './scope.ts'

export interface ComponentLines {
  name: string
  /** Effective time of its latest line, nanoseconds since the epoch. */
  lastNs: bigint
  lines: number
}

export interface ComponentsRead {
  components: ComponentLines[]
  /** Of the server. */
  version: string
}

export async function readComponents(sql: Sql): Promise<ComponentsRead> {
  const [[server], rows] = await Promise.all([
    sql<{ server_version: string }[]>`SHOW server_version`,
    sql<{ component: string; last_ns: string; lines: string }[]>`
      SELECT component, max(last_ns) AS last_ns, sum(lines)::bigint AS lines FROM log_stream
      WHERE component IS NOT NULL GROUP BY component ORDER BY component LIMIT ${MAX_COMPONENTS}`,
  ])
  return {
    version: server?.server_version ?? '',
    components: rows.map((row) => ({ name: row.component, lastNs: BigInt(row.last_ns), lines: Number(row.lines) })),
  }
}
