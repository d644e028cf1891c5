// The collector's loop: read, write down, send, move on. While the bus is away the log files are the buffer: nothing
// more is read, and memory stays flat.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@runlight/service/log'
import { Kafka, logLevel } from 'kafkajs'
import type { ComponentLog } from './component-log.ts'
import type { Bus } from './ship/bus.ts'
import { extents, findSent } from './ship/find-sent.ts'
import type { Journal, Message, Pending, Progress } from './ship/journal.ts'

export interface CollectorSettings {
  logs: readonly ComponentLog[]
  journal: Journal
  bus: Bus
  brokers: string[]
  topic: string
  clientId: string
  log: Log
  signal: AbortSignal
  onShipped: (component: string) => void
  onRefused: (component: string) => void
  onRotated: (component: string) => void
}

/** What is read of one log in one go, and what is sent in one go; in bytes. */
const READ_BYTES = 256 * 1024
const BATCH_BYTES = 1024 * 1024

const LOOK_MS = 250
const MAINTAIN_MS = 1_000
/** How much of the topic has to be searched after a kill at most, in time. */
const ENDS_MS = 60_000

export class Collector {
  readonly #settings: CollectorSettings
  readonly #kafka: Kafka
  /** Reading and rotating never happen at once. */
  #turn: Promise<unknown> = Promise.resolve()
  readonly #unreadable = new Map<string, string>()
  #first = 0
  #lastLook = performance.now()
  #endsAt = -Infinity

  constructor(settings: CollectorSettings) {
    const { clientId, brokers } = settings
    this.#settings = settings
    this.#kafka = new Kafka({ clientId, brokers, logLevel: logLevel.NOTHING })
  }

  /** Why logs can't be read, by component. */
  get unreadable(): ReadonlyMap<string, string> {
    return this.#unreadable
  }

  /** When it last looked for lines, or waited for the bus; of performance.now(). */
  get lastLook(): number {
    return this.#settings.bus.trouble === undefined ? this.#lastLook : performance.now()
  }

  /** Collects until the signal aborts. */
  async run(): Promise<void> {
    const { signal } = this.#settings
    await this.#beginNew()
    const maintenance = this.#maintain()
    try {
      await this.#settleUnsettled()
      while (!signal.aborted) {
        const more = await this.#round()
        if (!more) await sleep(LOOK_MS, undefined, { signal })
      }
    } catch (cause) {
      if (!signal.aborted) throw cause
    } finally {
      await maintenance
      for (const { source } of this.#settings.logs) await source.close()
    }
  }

  /** Before anything is read or rotated, it is written down where logs begin that are new. */
  async #beginNew(): Promise<void> {
    const begun: Record<string, Progress> = {}
    for (const log of this.#settings.logs) {
      const progress = await this.#tryOn(log, () => log.begin())
      if (progress) begun[log.component] = progress
    }
    if (Object.keys(begun).length > 0) await this.#settings.journal.know(begun)
  }

  /** One batch; true when more is waiting. */
  async #round(): Promise<boolean> {
    const { journal } = this.#settings
    this.#lastLook = performance.now()
    const { messages, after, more } = await this.#inTurn(() => this.#collect())
    if (messages.length > 0) await this.#knowEnds()
    if (Object.keys(after).length > 0) await this.#ship(await journal.begin(messages, after))
    return more
  }

  async #collect(): Promise<{ messages: Message[]; after: Record<string, Progress>; more: boolean }> {
    const { logs } = this.#settings
    const messages: Message[] = []
    const after: Record<string, Progress> = {}
    let bytes = 0
    let more = false
    // Begins with another log each time, so that a chatty one holds up nobody.
    const first = this.#first++
    for (let turn = 0; turn < logs.length; turn++) {
      if (bytes >= BATCH_BYTES) {
        more = true
        break
      }
      const log = logs[(first + turn) % logs.length] as ComponentLog
      const collected = await this.#tryOn(log, () => log.collect(READ_BYTES))
      if (!collected) continue
      for (const message of collected.messages) {
        messages.push(message)
        bytes += message.value.length
      }
      if (collected.after) {
        after[log.component] = collected.after
        if (!collected.atEnd) more = true
      }
    }
    return { messages, after, more }
  }

  /** A log that can't be read holds up no other. */
  async #tryOn<T>({ component }: ComponentLog, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work()
      this.#unreadable.delete(component)
      return result
    } catch (cause) {
      if (!this.#unreadable.has(component)) {
        this.#settings.log.warn({ cause, of: component }, 'A log cannot be read; trying again.')
      }
      this.#unreadable.set(component, cause instanceof Error ? cause.message : String(cause))
      return undefined
    }
  }

  async #ship(pending: Pending): Promise<void> {
    const { bus, journal, log, onShipped, onRefused } = this.#settings
    if (pending.messages.length > 0) {
      const { refused } = await bus.send(pending.messages)
      for (const { key, value } of refused) {
        onRefused(key)
        log.error({ of: key, bytes: value.length }, 'A record was left out: the bus refuses it as too large.')
      }
      for (const { key } of pending.messages) onShipped(key)
    }
    await journal.settle(pending)
  }

  /** Sends what may be on the bus or not, as far as it is not there. */
  async #settleUnsettled(): Promise<void> {
    const { journal, bus, topic, log, signal } = this.#settings
    const { unsettled, ends } = journal
    await bus.meet()
    if (!unsettled) return
    const values = unsettled.messages.map(({ value }) => value)
    const found = await this.#insist(() => findSent({ kafka: this.#kafka, topic, ends, values, signal }))
    log.info(
      { records: values.length, found: found.size },
      'A batch was on its way when the collector was killed; what the bus does not have of it is sent now.',
    )
    await this.#ship({ ...unsettled, messages: unsettled.messages.filter(({ value }) => !found.has(value)) })
  }

  /** Writes down from time to time where the topic ends while nothing is on its way. */
  async #knowEnds(): Promise<void> {
    if (performance.now() - this.#endsAt < ENDS_MS) return
    const now = await this.#insist(() => extents(this.#kafka, this.#settings.topic))
    await this.#settings.journal.setEnds(new Map([...now].map(([partition, { high }]) => [partition, high])))
    this.#endsAt = performance.now()
  }

  async #insist<T>(ask: () => Promise<T>): Promise<T> {
    const { signal, bus } = this.#settings
    for (;;) {
      signal.throwIfAborted()
      try {
        return await ask()
      } catch (cause) {
        signal.throwIfAborted()
        this.#settings.log.debug({ cause }, 'The bus does not answer; asking again.')
        await sleep(1_000, undefined, { signal })
        await bus.meet()
      }
    }
  }

  /** Rotation goes on while the bus is away. */
  async #maintain(): Promise<void> {
    const { logs, log, signal, onRotated } = this.#settings
    let told = false
    while (!signal.aborted) {
      for (const { component, source } of logs) {
        try {
          if (await this.#inTurn(async () => (await source.maintain?.()) ?? false)) onRotated(component)
        } catch (cause) {
          if (!told) log.warn({ cause, of: component }, 'A log file could not be rotated; trying again.')
          told = true
        }
      }
      await sleep(MAINTAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}
