// How much the components say.

import type { Sql } from 'postgres'
import { expect } from 'vitest'

export interface ComponentLines {
  name: string
  lines: number
}

/** Lines of the components' own logs that the hot store is given in so many seconds of its own clock. */
export async function linesGivenIn(sql: Sql, seconds: number): Promise<ComponentLines[]> {
  const held = async () => {
    const rows = await sql<ComponentLines[]>`
      select component as name, count(*)::int as lines from logs where type = 'system' group by component`
    return new Map(rows.map(({ name, lines }) => [name, lines]))
  }
  const [began] = await sql`select clock_timestamp()::text as at`
  const before = await held()
  const isOver = async () => {
    const [now] = await sql`
      select clock_timestamp() >= ${began?.['at']}::timestamptz + ${seconds} * interval '1 second' as "isOver"`
    return now?.['isOver'] as boolean
  }
  await expect.poll(isOver, { timeout: 2 * seconds * 1_000, interval: 1_000 }).toBe(true)
  return [...(await held())].map(([name, lines]) => ({ name, lines: lines - (before.get(name) ?? 0) }))
}
