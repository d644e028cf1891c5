// The connection to the trace store: a bounded pool of read-only connections, and one meaning for all its faults.

import { RunlightError } from '@runlight/contracts/errors'
import { ARRAY_TYPES } from '@runlight/service/array-types'
import postgres from 'postgres'
import type { Sql } from 'postgres'

export interface DatabaseSettings {
  /** Address with role and database, without a password. */
  url: URL
  password: string
  /** What the connections are for, in the server's list of them. */
  purpose?: string
  /** Most connections that are open at a time. */
  connections: number
  /** Longest time that the server works on one statement, in milliseconds. */
  statementTimeoutMs: number
  /** Most queries that wait or run at a time; one more is refused. */
  queries: number
}

export const DEFAULT_POOL = { connections: 8, statementTimeoutMs: 5_000, queries: 256 }

export interface Database {
  /**
   * Runs one or more queries.
   * @throws RunlightError RL_STORE_UNAVAILABLE when the store can't be reached or does not answer in time
   */
  read: <T>(query: (sql: Sql) => Promise<T>) => Promise<T>
  close: () => Promise<void>
}

/**
 * Every list here is read from an index in the index's own order, a page at a time. A plan that gathers a whole run and
 * sorts it looks cheaper to the planner where it does not see the values (a cached plan) or knows too little of a table
 * that has just grown; then a page costs as much as the run is long.
 */
const PLANNING = { plan_cache_mode: 'force_custom_plan', enable_sort: 'off', enable_bitmapscan: 'off', jit: 'off' }

const CONNECT_TIMEOUT_SECONDS = 2
/** Short and constant, so that answers come again as soon as the server does. */
const RECONNECT_AFTER_SECONDS = 0.2

/** Opens the pool; connections are made when they are needed, so the store may be away at start. */
export function openDatabase(settings: DatabaseSettings): Database {
  const sql = postgres(settings.url.href, {
    password: settings.password,
    max: settings.connections,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    backoff: () => RECONNECT_AFTER_SECONDS,
    idle_timeout: 60,
    fetch_types: false,
    types: ARRAY_TYPES,
    onnotice: () => undefined,
    connection: {
      application_name: settings.purpose === undefined ? 'runlight-api' : `runlight-api-${settings.purpose}`,
      statement_timeout: settings.statementTimeoutMs,
      default_transaction_read_only: true,
      TimeZone: 'UTC',
      ...PLANNING,
    },
  })
  // A server that has stopped in the middle (not closed) enforces no time-out of its own.
  const deadlineMs = settings.statementTimeoutMs + CONNECT_TIMEOUT_SECONDS * 1000
  let open = 0

  const read = async <T>(query: (sql: Sql) => Promise<T>): Promise<T> => {
    if (open >= settings.queries) throw unavailable(`${open} queries are waiting for the trace store`)
    open++
    const answer = query(sql).finally(() => open--)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(unavailable(`The trace store did not answer within ${deadlineMs} ms`)),
        deadlineMs,
      )
    })
    try {
      return await Promise.race([answer, late])
    } catch (cause) {
      throw explain(cause)
    } finally {
      clearTimeout(timer)
    }
  }
  return { read, close: () => sql.end({ timeout: 2 }) }
}

function unavailable(message: string, cause?: unknown): RunlightError {
  return new RunlightError('RL_STORE_UNAVAILABLE', message, { cause })
}

/** Codes of postgres.js and of Node for a connection that could not be made or was lost. */
const CONNECTION_FAULTS =
  /^(?:E[A-Z]+|CONNECT_TIMEOUT|CONNECTION_(?:CLOSED|ENDED|DESTROYED)|CONNECTION_CONNECT_TIMEOUT)$/
/** SQLSTATE classes and codes for a server that can't answer now (https://www.postgresql.org/docs/18/errcodes-appendix.html). */
const SERVER_FAULTS: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [/^57014$/, 'The trace store gave the query up after its time-out'],
  [/^(?:08|53|57P|58)/, 'The trace store cannot answer now'],
  [/^(?:28|3D000)/, 'The trace store does not let the API in'],
  [/^(?:42P01|42703|42501)$/, 'The trace store lacks tables or rights that provision gives it'],
]

function explain(cause: unknown): unknown {
  if (cause instanceof RunlightError || !(cause instanceof Error)) return cause
  const code = String((cause as { code?: unknown }).code ?? '')
  if (CONNECTION_FAULTS.test(code)) return unavailable(`The trace store cannot be reached (${code})`, cause)
  const fault = SERVER_FAULTS.find(([pattern]) => pattern.test(code))
  return fault ? unavailable(`${fault[1]} (${code})`, cause) : cause
}
