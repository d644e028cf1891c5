// Connections to the trace store.

import { ARRAY_TYPES } from '@runlight/service/array-types'
import postgres from 'postgres'
import type { Sql, TransactionSql } from 'postgres'
import { Transactions } from './transactions.ts'

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

/**
 * A pool; connections are opened when they are first needed and again after they were lost. Its transactions
 * (`sql.begin(body)`) have as many connections of their own.
 */
export function connect({ url, password, name, connections, timeouts }: ConnectionSettings): Sql {
  const options = {
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
    fetch_types: false,
    types: ARRAY_TYPES,
    onnotice: () => undefined,
  }
  const sql = postgres(url.href, options)
  const transactions = new Transactions(url, options)
  const { end } = sql
  return Object.assign(sql, {
    // In place of the driver's own, which does not outlive the loss of a connection.
    begin: <T>(body: (tx: TransactionSql) => Promise<T>) => transactions.run(body),
    end: async (limits?: { timeout?: number | undefined }) => {
      await Promise.all([transactions.end(limits), end(limits)])
    },
  })
}
