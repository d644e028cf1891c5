// Transactions on connections of their own, each of which is given up when it is lost.
//
// sql.begin() of postgres.js (3.4.9) still sends what its function asks for, and at the least a rollback, on the
// connection that it has just lost. That write fails outside of every promise, which ends the process, or stays behind
// and spoils the next connection (https://github.com/porsager/postgres/issues/1208). A pool sends nothing on a
// connection that is closed: here each connection is a pool of one, which never connects a second time.

import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { unlessAborted } from '@runlight/bridge-core/until-done'
import postgres from 'postgres'
import type { Options, PostgresType, Sql, TransactionSql } from 'postgres'

export type ConnectionOptions = Options<Record<string, PostgresType>>

/** The server's process for a connection grows with what it has seen. */
const LIFETIME_MS = 30 * 60_000

interface Connection {
  sql: Sql
  /** Aborted when the connection is closed. Not a promise: one that lives long keeps what everyone raced it with. */
  lost: AbortSignal
  openedAt: number
}

export class Transactions {
  readonly #url: URL
  readonly #options: ConnectionOptions
  readonly #idle = new Set<Connection>()
  readonly #running = new Set<Promise<unknown>>()
  readonly #waiting: (() => void)[] = []
  #free: number
  #ended = false

  /** @param options `max`: how many transactions may run at a time; more of them wait */
  constructor(url: URL, options: ConnectionOptions & { max: number }) {
    this.#url = url
    this.#options = options
    this.#free = options.max
  }

  /**
   * Runs `body` in a transaction, which is rolled back when it fails. When the connection is lost, this rejects at once;
   * what `body` asks for afterwards is not sent.
   */
  async run<T>(body: (tx: TransactionSql) => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const running = this.#runNow(body)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }

  /** Closes all connections once the transactions that run have ended, or after `timeout` seconds; takes no new ones. */
  async end({ timeout }: { timeout?: number | undefined } = {}): Promise<void> {
    this.#ended = true
    const all = Promise.allSettled(this.#running)
    await (timeout === undefined ? all : Promise.race([all, sleep(timeout * 1000, undefined, { ref: false })]))
    await Promise.all([...this.#idle].map((connection) => this.#giveUp(connection)))
  }

  async #runNow<T>(body: (tx: TransactionSql) => Promise<T>): Promise<T> {
    if (this.#ended) throw new Error('The connections for transactions have been closed.')
    const [idle] = this.#idle
    const connection = idle ?? this.#open()
    this.#idle.delete(connection)
    const { lost, sql, openedAt } = connection
    let outcome: PromiseSettledResult<T>
    try {
      outcome = await unlessAborted(lost, transact(sql, body))
    } catch (cause) {
      void this.#giveUp(connection)
      throw cause
    }
    if (Date.now() - openedAt > LIFETIME_MS) void this.#giveUp(connection)
    else this.#idle.add(connection)
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  }

  #open(): Connection {
    const lost = new AbortController()
    let opened = false
    const sql = postgres(this.#url.href, {
      ...this.#options,
      max: 1,
      // It would end a connection between two statements of a transaction.
      max_lifetime: null,
      idle_timeout: 0,
      onclose: () => {
        this.#idle.delete(connection)
        lost.abort(connectionClosed())
      },
      // An option that the driver's types lack: it gives the socket, which need not be connected yet.
      ...{
        socket: ({ host: [host = ''], port: [port = 0], path }: SocketAddress) => {
          // Outside of its transaction a statement must not be sent.
          if (opened) throw connectionClosed()
          opened = true
          // The driver sends a COPY in several small writes that nobody answers: each but the first would wait until the
          // server's system acknowledges the one before, which it puts off for 40 ms.
          const socket = new Socket().setNoDelay(true)
          if (path) socket.connect(path)
          else socket.connect(port, host)
          // The name that the driver checks a certificate for.
          return Object.assign(socket, { host })
        },
      },
    })
    const connection = { sql, lost: lost.signal, openedAt: Date.now() }
    return connection
  }

  async #giveUp(connection: Connection): Promise<void> {
    this.#idle.delete(connection)
    await connection.sql.end({ timeout: 0 })
  }
}

interface SocketAddress {
  host: string[]
  port: number[]
  path?: string | false
}

/** With the code that the driver uses. */
function connectionClosed(): Error {
  return Object.assign(new Error('The connection was closed.'), { code: 'CONNECTION_CLOSED' })
}

/** Rejects when it isn't known how the transaction ended; gives the failure of `body` when it was rolled back. */
async function transact<T>(sql: Sql, body: (tx: TransactionSql) => Promise<T>): Promise<PromiseSettledResult<T>> {
  await sql.unsafe('begin')
  const [outcome] = await Promise.allSettled([body(sql as unknown as TransactionSql)])
  const { command } = await sql.unsafe(outcome.status === 'fulfilled' ? 'commit' : 'rollback')
  if (outcome.status === 'fulfilled' && command !== 'COMMIT') {
    throw new Error('The server rolled the transaction back: a statement had failed, and its failure was passed over.')
  }
  return outcome
}
