// The join of stored and live lines under random interleavings of everybody who takes part: the store's writer, the
// hub's reads, eviction from the ring, and readers that begin, lag, are cut off and come back with their last cursor.
// Time is the number of the step: nothing here waits for a clock.

import { expect, test } from 'vitest'
import type { PositionVector } from '../cursor/cursors.ts'
import { storedIn } from '../store/positions.ts'
import { Follower } from './follower.ts'
import { reaches, withOffset } from './place.ts'
import type { Place } from './place.ts'
import { Ring } from './ring.ts'
import type { Entry, Standing } from './ring.ts'

const PARTITIONS = 3
const ORIGIN: Place = {
  vector: { generation: 'g', partitions: [], otherwise: { nextOffset: 0n, sinceMs: 0 } },
  events: 0n,
}

/** A small generator of its own (mulberry32), so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** What is committed: offsets that lines of the run have, the next offset of each partition, and a number of events. */
class Store {
  readonly lines: bigint[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly next: bigint[] = Array.from({ length: PARTITIONS }, () => 0n)
  events = 0n

  /** One transaction of the bridge: some offsets are of other runs, or dead letters. */
  commit(random: (below: number) => number): void {
    const partition = random(PARTITIONS)
    for (let left = random(6); left > 0; left--) {
      const offset = this.next[partition] as bigint
      if (random(3) > 0) this.lines[partition]?.push(offset)
      this.next[partition] = offset + 1n
    }
    this.events += BigInt(random(2))
  }

  /** Positions as they are stored: a partition of which nothing was stored has none. */
  vector(): PositionVector {
    const partitions = this.next.map((nextOffset) => (nextOffset === 0n ? undefined : { nextOffset, sinceMs: 0 }))
    return { ...ORIGIN.vector, partitions }
  }

  between(partition: number, from: bigint, until: bigint): bigint[] {
    return (this.lines[partition] as bigint[]).filter((offset) => offset >= from && offset < until)
  }
}

const log = (partition: number, offset: bigint): Standing => ({ kind: 'log', partition, offset, bytes: 1 })

/** The hub: positions are read first, rows later, a page of each partition at a time. */
class Hub {
  readonly ring: Ring<Standing>
  readonly #store: Store
  #now: { vector: PositionVector; events: bigint } | undefined

  constructor(store: Store, bytes: number) {
    this.#store = store
    this.ring = new Ring({ vector: store.vector(), events: store.events }, { bytes })
  }

  get isUpToDate(): boolean {
    return reaches(this.ring.end, { vector: this.#store.vector(), events: this.#store.events })
  }

  step(random: (below: number) => number): void {
    if (!this.#now) {
      this.#now = { vector: this.#store.vector(), events: this.#store.events }
      return
    }
    const page = 1 + random(4)
    const items: Standing[] = []
    let { vector } = this.ring.end
    for (const [partition, until] of this.#now.vector.partitions.entries()) {
      if (!until) continue
      const from = storedIn(vector, partition).nextOffset
      if (until.nextOffset <= from) continue
      const found = this.#store.between(partition, from, until.nextOffset)
      const taken = found.slice(0, page)
      items.push(...taken.map((offset) => log(partition, offset)))
      const whole = taken.length === found.length
      vector = withOffset(vector, partition, whole ? until.nextOffset : (taken.at(-1) as bigint) + 1n)
    }
    for (let sequence = this.ring.end.events + 1n; sequence <= this.#now.events; sequence++) {
      items.push({ kind: 'trace', sequence, bytes: 1 })
    }
    this.ring.push(items, { vector, events: this.#now.events })
    this.#now = undefined
  }
}

class Reader {
  place = ORIGIN
  /** Offsets by partition, then the events' sequence numbers, in the order in which they came. */
  readonly seen: bigint[][] = Array.from({ length: PARTITIONS + 1 }, () => [])
  readonly #store: Store
  readonly #ring: Ring<Standing>
  #follower: Follower<Standing> | undefined
  #unread: { partition: number; until: bigint }[] = []
  gaps = 0

  constructor(store: Store, ring: Ring<Standing>) {
    this.#store = store
    this.#ring = ring
  }

  /** The connection breaks; the last cursor is what is left. */
  cut(): void {
    this.#follower = undefined
    this.#unread = []
  }

  step(random: (below: number) => number): void {
    if (this.#follower) this.#take(1 + random(4))
    else if (this.#unread.length > 0) this.#readPage(1 + random(4))
    else this.#join()
  }

  #join(): void {
    this.#follower = Follower.join(this.#ring, this.place)
    if (this.#follower) return
    const now = this.#store.vector()
    const { vector } = this.place
    const places = now.partitions.map((stored, partition) => {
      if (!stored) return undefined
      const from = storedIn(vector, partition).nextOffset
      if (this.#store.between(partition, from, stored.nextOffset).length === 0) return stored
      this.#unread.push({ partition, until: stored.nextOffset })
      return storedIn(vector, partition)
    })
    this.#seeEvents(this.#store.events)
    this.place = { vector: { ...vector, partitions: places }, events: this.#store.events }
  }

  #seeEvents(last: bigint): void {
    for (let sequence = this.place.events + 1n; sequence <= last; sequence++) this.#see(PARTITIONS, sequence)
  }

  #see(list: number, ...numbers: bigint[]): void {
    this.seen[list]?.push(...numbers)
  }

  #readPage(page: number): void {
    const [first] = this.#unread
    if (!first) return
    const { partition, until } = first
    const from = storedIn(this.place.vector, partition).nextOffset
    const found = this.#store.between(partition, from, until)
    const given = found.slice(0, page)
    this.#see(partition, ...given)
    const isWhole = given.length === found.length
    const next = isWhole ? until : (given.at(-1) as bigint) + 1n
    this.place = { ...this.place, vector: withOffset(this.place.vector, partition, next) }
    if (isWhole) this.#unread.shift()
  }

  #take(bytes: number): void {
    const taken = this.#follower?.take(bytes)
    if (taken?.kind === 'entries') {
      for (const { item } of taken.entries) {
        if (item.kind === 'log') this.#see(item.partition, item.offset)
        else this.#see(PARTITIONS, item.sequence)
      }
      this.place = taken.placeOf(taken.entries.at(-1) as Entry<Standing>)
    } else if (taken?.kind === 'gap') {
      this.gaps++
      // A client fetches what it missed by the two cursors.
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const from = storedIn(this.place.vector, partition).nextOffset
        const until = storedIn(taken.to.vector, partition).nextOffset
        this.#see(partition, ...this.#store.between(partition, from, until))
      }
      this.#seeEvents(taken.to.events)
      this.place = taken.to
    }
  }

  /** Reads until nothing is left. */
  finish(): void {
    const count = () => this.seen.reduce((sum, { length }) => sum + length, 0)
    for (let quiet = 0; quiet < 3;) {
      const before = count()
      const joined = this.#follower
      this.step(() => 100)
      quiet = count() === before && this.#follower === joined && joined ? quiet + 1 : 0
    }
  }
}

function play(seed: number): number {
  const random = generator(seed)
  const store = new Store()
  for (let before = random(10); before > 0; before--) store.commit(random)
  const hub = new Hub(store, 1 + random(20))
  const readers = Array.from({ length: 3 }, () => new Reader(store, hub.ring))
  for (let step = 0; step < 120; step++) {
    const actor = random(10)
    if (actor < 3) store.commit(random)
    else if (actor < 6) hub.step(random)
    else {
      const reader = readers[actor % readers.length] as Reader
      if (random(12) === 0) reader.cut()
      else reader.step(random)
    }
  }
  const events = Array.from({ length: Number(store.events) }, (_, index) => BigInt(index + 1))
  const whole = [...store.lines, events].join('; ')
  while (!hub.isUpToDate) hub.step(random)
  for (const reader of readers) {
    reader.finish()
    expect(reader.seen.join('; '), `seed ${seed}`).toBe(whole)
  }
  return readers.reduce((sum, reader) => sum + reader.gaps, 0)
}

test('10,000 random interleavings: everything once, in the order of each partition', { timeout: 120_000 }, () => {
  let gaps = 0
  for (let seed = 1; seed <= 10_000; seed++) gaps += play(seed)
  // The test would be worth little if nobody had ever been too slow.
  expect(gaps).toBeGreaterThan(1_000)
})

test('a reader that is never too slow has no gap', () => {
  const store = new Store()
  const random = generator(7)
  const hub = new Hub(store, 6)
  const reader = new Reader(store, hub.ring)
  for (let step = 0; step < 1_000; step++) {
    // The ring holds what one commit brings at most, so that it forgets all the time.
    store.commit(random)
    while (!hub.isUpToDate) hub.step(() => 100)
    reader.finish()
  }
  expect(reader.gaps).toBe(0)
  expect(reader.place.events).toBe(store.events)
})
