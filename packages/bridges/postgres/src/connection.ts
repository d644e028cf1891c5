// Connections to the trace store.

import postgres from 'postgres'
import type { Sql } from 'postgres'

export interface ConnectionSettings {
  /** With role and database, without a password. */
  url: URL
  password: string
  /** Shown in pg_stat_activity. */
  name: string
  connections: number
  /** How long a statement may take, and how long a transaction may stand still, in milliseconds; for ever by default. */
  timeouts?: { statement: number; idleTransaction: number }
}

/** A pool; connections are opened when they are first needed and again after they were lost. */
export function connect({ url, password, name, connections, timeouts }: ConnectionSettings): Sql {
  return postgres(url.href, {
    password,
    max: connections,
    connect_timeout: 5,
    idle_timeout: 0,
    // Waiting between attempts is the caller's business.
    backoff: () => 0,
    connection: {
      application_name: name,
      TimeZone: 'UTC',
      statement_timeout: timeouts?.statement ?? 0,
      idle_in_transaction_session_timeout: timeouts?.idleTransaction ?? 0,
    },
    onnotice: () => undefined,
  })
}
