import type { Health } from '../inputs.ts'

/** Logs in and runs a query that writes nothing, but fails on a server that is still recovering. */
export async function askPostgres(
  health: Extract<Health, { kind: 'postgres' }>,
  password: string,
  timeoutMs: number,
): Promise<void> {
  const { default: postgres } = await import('postgres')
  const { host, port, database, user } = health
  const sql = postgres({ host, port, database, user, password, max: 1, connect_timeout: timeoutMs / 1000 })
  try {
    const [row] = await sql<{ recovering: boolean }[]>`select pg_is_in_recovery() as recovering`
    if (row?.recovering !== false) throw new Error(`PostgreSQL on ${host}:${port} is still recovering`)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
