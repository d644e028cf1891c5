// Tells listeners how far the partitions are stored: at most ten times a second, and outside the data's transactions,
// since a commit with NOTIFY takes a lock that all such commits share.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { POSITIONS_CHANNEL } from '@runlight/contracts/tables'
import type { Log } from '@runlight/service/log'

const INTERVAL_MS = 100

export class PositionNotifier {
  readonly #sql: Sql
  readonly #log: Log
  #pending: Record<string, Record<string, string>> = {}
  #running: Promise<void> | undefined
  #closed = false

  constructor(sql: Sql, log: Log) {
    this.#sql = sql
    this.#log = log
  }

  stored(topic: string, partition: number, nextOffset: bigint): void {
    if (this.#closed) return
    const partitions = (this.#pending[topic] ??= {})
    partitions[String(partition)] = String(nextOffset)
    this.#start()
  }

  /** Sends what is left. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#running) await this.#running
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      // Stored after the last look, before this.
      if (Object.keys(this.#pending).length > 0) this.#start()
    })
  }

  async #run(): Promise<void> {
    while (Object.keys(this.#pending).length > 0) {
      const payload = JSON.stringify(this.#pending)
      this.#pending = {}
      try {
        await this.#sql`select pg_notify(${POSITIONS_CHANNEL}, ${payload})`
      } catch (cause) {
        // Listeners look by themselves after a while; the next flush carries newer positions.
        this.#log.debug({ cause }, 'Positions could not be announced.')
      }
      if (!this.#closed) await sleep(INTERVAL_MS)
    }
  }
}
