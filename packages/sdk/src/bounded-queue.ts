// All that waits, in all lanes, bounded by bytes. Past the bound the oldest debug and info records go first, then the
// oldest others. What is being sent is never dropped: the bus may have it already.

import type { DropReason } from './drop-reasons.ts'
import { Fifo } from './fifo.ts'
import { Flush } from './lane.ts'
import type { Lane, QueuedRecord } from './lane.ts'

export class BoundedQueue {
  /** Bytes queued and being sent. */
  bytes = 0
  /** Records queued and being sent. */
  records = 0
  readonly #limitBytes: number
  readonly #onDrop: (record: QueuedRecord, reason: DropReason) => void
  readonly #sheddable = new Fifo<QueuedRecord>()
  readonly #others = new Fifo<QueuedRecord>()

  constructor(limitBytes: number, onDrop: (record: QueuedRecord, reason: DropReason) => void) {
    this.#limitBytes = limitBytes
    this.#onDrop = onDrop
  }

  /** Queues a record in its lane; drops what has to go for it, which may be the record itself. */
  add(record: QueuedRecord): void {
    record.lane.push(record)
    this.#age(record).push(record)
    this.bytes += record.bytes
    this.records++
    while (this.bytes > this.#limitBytes) {
      const oldest = this.#sheddable.peek() ?? this.#others.peek()
      if (!oldest) return
      this.drop(oldest, 'queue_full')
    }
  }

  /** Takes the next batch of a lane for sending: at least one record if there is one, and no more than the limits. */
  take(lane: Lane, maxBytes: number, maxRecords: number): QueuedRecord[] {
    const batch: QueuedRecord[] = []
    let bytes = 0
    for (let record = lane.peek(); record; record = lane.peek()) {
      bytes += record.bytes
      if (batch.length > 0 && (bytes > maxBytes || batch.length >= maxRecords)) break
      this.#leave(record, 'sending')
      batch.push(record)
    }
    return batch
  }

  /** A record that was being sent has been acknowledged, or given up for good. */
  settle(record: QueuedRecord): void {
    record.state = 'settled'
    this.bytes -= record.bytes
    this.records--
  }

  /** Gives a record up: one that was never sent, or that the bus has refused for good. */
  drop(record: QueuedRecord, reason: DropReason): void {
    if (record.state === 'queued') this.#leave(record, 'settled')
    this.settle(record)
    this.#onDrop(record, reason)
  }

  /** Gives up all of a lane, what is being sent included. */
  abandon(lane: Lane, reason: DropReason): void {
    for (const entry of lane.clear()) {
      if (entry instanceof Flush) continue
      const queued = entry.state === 'queued'
      this.settle(entry)
      if (queued) this.#age(entry).left()
      this.#onDrop(entry, reason)
    }
  }

  /** Moves all of a lane to others, in order; a flush then waits for each of them. */
  move(from: Lane, to: (record: QueuedRecord) => Lane): void {
    const touched = new Set<Lane>()
    for (const entry of from.clear()) {
      if (entry instanceof Flush) {
        for (const lane of touched) lane.pushFlush(entry)
        entry.reached()
        continue
      }
      if (entry.state === 'sending') {
        entry.state = 'queued'
        this.#age(entry).push(entry)
      }
      entry.lane = to(entry)
      entry.lane.push(entry)
      touched.add(entry.lane)
    }
  }

  #age(record: QueuedRecord): Fifo<QueuedRecord> {
    return record.sheddable ? this.#sheddable : this.#others
  }

  #leave(record: QueuedRecord, state: 'sending' | 'settled'): void {
    record.state = state
    record.lane.left(record)
    this.#age(record).left()
  }
}
