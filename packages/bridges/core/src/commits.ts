// Commits acknowledged offsets to the group: at once when nothing is under way, else together with what follows.

import { setTimeout as sleep } from 'node:timers/promises'

export interface Acknowledged {
  topic: string
  partition: number
  /** First offset that is not stored yet. */
  nextOffset: bigint
  /** Kept beside the offset, so that it is known which life of the topic it belongs to. */
  generation: string
  /** Append time of the first record that this acknowledges, milliseconds since the epoch. */
  firstAppendedAt: number
}

/** Sends an OffsetCommit under the group generation of one assignment; fails when the group has moved on. */
export type Commit = (offsets: readonly Acknowledged[]) => Promise<void>

const RETRY_MS = 500

/** Commits for one assignment. After `close` nothing is sent any more. */
export class Committer {
  readonly #commit: Commit
  readonly #onFailure: (cause: unknown) => void
  readonly #pending = new Map<string, Acknowledged>()
  readonly #uncommittedSince = new Map<string, number>()
  /** Those who wait for a commit to succeed. */
  readonly #waiting: (() => void)[] = []
  #flushing: Promise<void> | undefined
  readonly #closed = new AbortController()

  /** @param onFailure told of each commit that failed and will be repeated */
  constructor(commit: Commit, onFailure: (cause: unknown) => void) {
    this.#commit = commit
    this.#onFailure = onFailure
  }

  acknowledge(offset: Acknowledged): void {
    if (this.#closed.signal.aborted) return
    const key = keyOf(offset)
    // What it takes the place of is not committed either, so what is uncommitted begins there.
    const older = this.#pending.get(key)?.firstAppendedAt ?? offset.firstAppendedAt
    this.#pending.set(key, { ...offset, firstAppendedAt: Math.min(older, offset.firstAppendedAt) })
    if (!this.#uncommittedSince.has(key)) this.#uncommittedSince.set(key, offset.firstAppendedAt)
    this.#start()
  }

  /** Append time of the first record of a partition that is stored but not committed, milliseconds since the epoch. */
  uncommittedSince(partition: { topic: string; partition: number }): number | undefined {
    return this.#uncommittedSince.get(keyOf(partition))
  }

  /** Resolves when everything acknowledged so far is committed, or after `close`. */
  async settled(): Promise<void> {
    while (this.#flushing) await this.#flushing
  }

  /** Resolves when everything of one partition is committed, whatever others are doing, or after `close`. */
  async settledOf(partition: { topic: string; partition: number }): Promise<void> {
    const key = keyOf(partition)
    while (this.#uncommittedSince.has(key) && !this.#closed.signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  close(): void {
    this.#closed.abort()
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #start(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined
      // Acknowledged after the last look, before this.
      if (this.#pending.size > 0 && !this.#closed.signal.aborted) this.#start()
    })
  }

  async #flush(): Promise<void> {
    while (this.#pending.size > 0 && !this.#closed.signal.aborted) {
      const offsets = [...this.#pending.values()]
      this.#pending.clear()
      try {
        await this.#commit(offsets)
        for (const offset of offsets) this.#committed(offset)
        this.#wake()
      } catch (cause) {
        for (const offset of offsets) {
          const key = keyOf(offset)
          if (!this.#pending.has(key)) this.#pending.set(key, offset)
        }
        this.#onFailure(cause)
        await sleep(RETRY_MS, undefined, { signal: this.#closed.signal }).catch(() => undefined)
      }
    }
  }

  #committed(offset: Acknowledged): void {
    const key = keyOf(offset)
    const newer = this.#pending.get(key)
    if (newer) this.#uncommittedSince.set(key, newer.firstAppendedAt)
    else this.#uncommittedSince.delete(key)
  }
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`
}
