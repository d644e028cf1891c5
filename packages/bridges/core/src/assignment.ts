// One assignment of partitions to this member of the group: its lanes, from GROUP_JOIN to the next rebalance.

import type { Admin, Consumer, EachBatchPayload } from 'kafkajs'
import { RunlightError } from '@runlight/contracts/errors'
import { replayTopic } from '@runlight/contracts/topics'
import { Committer } from './commits.ts'
import type { Acknowledged } from './commits.ts'
import { fetchedRecords } from './fetch.ts'
import { Lane } from './lane.ts'
import type { LaneSettings } from './lane.ts'
import { wholePart } from './part.ts'
import { replayParts } from './replay.ts'
import { consumedTopics } from './sink.ts'
import type { AssignedPartition } from './sink.ts'
import { startPosition } from './start-position.ts'
import type { Committed } from './start-position.ts'

export interface AssignmentSettings extends Pick<
  LaneSettings,
  'sink' | 'deadLetters' | 'memory' | 'decoded' | 'metrics' | 'log' | 'limits' | 'fail'
> {
  consumer: Consumer
  admin: Admin
  groupId: string
  generations: ReadonlyMap<string, string>
  /** What this process knows to be stored, over all its assignments: `topic/partition` → first offset not stored. */
  stored: Map<string, bigint>
  /** Lanes of this and older assignments that have not ended yet. */
  unfinished: Set<Lane>
}

interface PartitionOffset {
  partition: number
  offset: string
  metadata: string
}

export type MemberAssignment = Readonly<Record<string, readonly number[]>>

export class Assignment {
  readonly #settings: AssignmentSettings
  readonly #lanes = new Map<string, Lane>()
  readonly #committer: Committer
  #payload: EachBatchPayload | undefined
  readonly #abort = new AbortController()
  readonly #fetching: Promise<void>
  #fetched: () => void = () => undefined

  constructor(settings: AssignmentSettings) {
    this.#settings = settings
    this.#fetching = new Promise((resolve) => (this.#fetched = resolve))
    const { sink, metrics, log } = settings
    this.#committer = new Committer(
      (offsets) => this.#commit(offsets),
      (cause) => {
        metrics.commitFailures.inc({ sink: sink.name })
        log.debug({ cause }, 'A commit of offsets failed and will be repeated.')
      },
    )
  }

  /** Aborted when the partitions are taken away, or the process ends. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()]
  }

  /**
   * Fetching of all partitions must be paused; each is resumed once it is known where it goes on. A lane waits for the
   * one that had its partition before. After a failure it can be called again, and goes on where it was.
   */
  async start(member: MemberAssignment): Promise<void> {
    const { sink, memory, decoded, consumer, stored } = this.#settings
    const replays = member[replayTopic(sink.name)]?.length ?? 0
    const partitions = Object.values(member).reduce((sum, list) => sum + list.length, 0)
    memory.share({ live: partitions - replays, replays })
    decoded.share(partitions)
    for (const topic of consumedTopics(sink)) {
      const own = member[topic] ?? []
      if (own.length === 0) continue
      const [ends, committed] = await Promise.all([this.#ends(topic, own), this.#committed(topic)])
      for (const partition of ends) {
        if (this.#lanes.has(keyOf(partition))) continue
        const start = await this.#startOf(partition, committed.get(partition.partition))
        if (this.signal.aborted) return
        stored.set(keyOf(partition), start)
        this.#lanes.set(keyOf(partition), this.#createLane(partition, start))
        consumer.seek({ topic, partition: partition.partition, offset: String(start) })
        consumer.resume([{ topic, partitions: [partition.partition] }])
        this.#commitStart(partition, start, committed.get(partition.partition))
      }
    }
  }

  /** The consumer has fetched for this assignment, with records or without. */
  fetched(): void {
    this.#fetched()
  }

  /** Takes what was fetched of one partition. */
  async accept(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const lane = this.#lanes.get(keyOf(batch))
    if (this.signal.aborted || !lane?.active) return
    this.#payload = payload
    const { records, nextOffset } = fetchedRecords(batch.messages)
    const first = records[0]
    if (first) await this.#checkContinuity(lane, first.offset)
    lane.accept(
      records.filter(({ offset }) => offset >= lane.expected),
      nextOffset,
    )
    payload.resolveOffset(String(nextOffset - 1n))
  }

  /** Fetches nothing more and commits nothing more. What is under way may end, but is not acknowledged. */
  close(): void {
    this.#abort.abort(new Error('The group has given the partitions to other members.'))
    this.#fetched()
    for (const lane of this.#lanes.values()) lane.abandon()
    this.#committer.close()
  }

  /** Resolves when everything acknowledged is committed. */
  committed(): Promise<void> {
    return this.#committer.settled()
  }

  /** Rejects when this member has lost its partitions; asks the coordinator unless it has answered a moment ago. */
  async #assertOwned(): Promise<void> {
    this.signal.throwIfAborted()
    await this.#payload?.heartbeat()
    this.signal.throwIfAborted()
  }

  async #commit(offsets: readonly Acknowledged[]): Promise<void> {
    const topics = new Map<string, PartitionOffset[]>()
    for (const { topic, partition, nextOffset, generation } of offsets) {
      const partitions = topics.get(topic) ?? []
      partitions.push({ partition, offset: String(nextOffset), metadata: generation })
      topics.set(topic, partitions)
    }
    const payload = this.#payload
    if (!payload) return this.#commitWithoutBatch(topics)
    // Unlike `consumer.commitOffsets`, this is not repeated under a later generation of the group.
    await payload.commitOffsetsIfNecessary({
      topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
    })
  }

  // Before the first fetch kafkajs takes `commitOffsets` and sends nothing. Only start positions are committed this way:
  // one that goes out under a later generation after all moves the group back at most to where its store was.
  async #commitWithoutBatch(topics: ReadonlyMap<string, readonly PartitionOffset[]>): Promise<void> {
    await this.#fetching
    this.signal.throwIfAborted()
    const offsets = [...topics].flatMap(([topic, partitions]) => partitions.map((own) => ({ topic, ...own })))
    await this.#settings.consumer.commitOffsets(offsets)
  }

  /** Where the store is ahead of its group nobody else would be told so before the next record comes. */
  #commitStart(partition: AssignedPartition, start: bigint, committed: Committed | undefined): void {
    const { topic, partition: number, generation } = partition
    const known = committed?.generation === generation ? committed.offset : 0n
    if (!this.#hasOwnPosition(topic) || start <= known) return
    const place = { topic, partition: number, generation }
    this.#committer.acknowledge({ ...place, nextOffset: start, firstAppendedAt: Date.now() })
  }

  // What lies on the replay topic says nothing of the store's own positions, so they don't say where it goes on.
  #hasOwnPosition(topic: string): boolean {
    const { sink } = this.#settings
    return sink.position !== undefined && sink.topics.some((own) => own.topic === topic)
  }

  #createLane(assigned: AssignedPartition, start: bigint): Lane {
    const { topic, partition, generation } = assigned
    const { consumer, sink, memory, decoded, limits, stored, unfinished } = this.#settings
    const { deadLetters, metrics, log, fail } = this.#settings
    const here = [{ topic, partitions: [partition] }]
    const kinds = new Map(sink.topics.map((own) => [own.topic, own.kind]))
    const kind = kinds.get(topic)
    const origin = { topic, partition, generation }
    const replay = { kinds, spanMillis: limits.spanMillis }
    const settings: LaneSettings = {
      ...{ topic, partition, generation, start, ordered: kind !== undefined },
      partsOf: (records) => (kind ? [wholePart(kind, origin, records)] : replayParts(replay, records)),
      ...{ sink, deadLetters, memory, decoded, metrics, log, limits, fail },
      committer: this.#committer,
      pause: () => consumer.pause(here),
      resume: () => {
        if (!this.signal.aborted) consumer.resume(here)
      },
      assertOwned: () => this.#assertOwned(),
      acknowledged: (nextOffset) => stored.set(keyOf(assigned), nextOffset),
    }
    const before = [...unfinished].filter((lane) => isLaneOf(lane, assigned)).map((lane) => lane.ended)
    const lane = new Lane(settings, Promise.all(before))
    unfinished.add(lane)
    void lane.ended.then(() => unfinished.delete(lane))
    return lane
  }

  async #startOf(partition: AssignedPartition, committed: Committed | undefined): Promise<bigint> {
    const { sink, log, stored } = this.#settings
    const position = this.#hasOwnPosition(partition.topic) ? sink.position : undefined
    const own = await position?.(partition)
    const { start, overtaken, stale } = startPosition(partition, own, committed)
    if (stale) {
      const { topic, partition: number } = partition
      log.warn({ topic, partition: number }, 'The topic was created anew; its records are taken from the first one on.')
    }
    if (overtaken > 0n) this.#reportOvertaken(partition, overtaken)
    // What this process has stored itself may be further than what it could commit before a rebalance.
    const known = position ? undefined : stored.get(keyOf(partition))
    return known !== undefined && known > start && known <= partition.high ? known : start
  }

  // A gap between what was expected and what came is a loss only as far as the log now begins later; offsets are also
  // taken by the markers of transactions.
  async #checkContinuity(lane: Lane, first: bigint): Promise<void> {
    const { topic, partition } = lane.settings
    if (first === lane.expected) return
    if (first < lane.expected) {
      const [end] = await this.#ends(topic, [partition])
      if (end && end.high < lane.nextOffset) startPosition(end, lane.nextOffset, undefined)
      return
    }
    const [end] = await this.#ends(topic, [partition])
    if (end && end.low > lane.expected) {
      const until = end.low < first ? end.low : first
      this.#reportOvertaken(end, until - lane.expected)
    }
  }

  #reportOvertaken({ topic, partition }: AssignedPartition, count: bigint): void {
    const { sink, metrics, log } = this.#settings
    metrics.overtaken.inc({ sink: sink.name, topic }, Number(count))
    log.error(
      { topic, partition, records: String(count) },
      'Retention has removed records before they were stored; they are lost to this store. Raise the retention of the topic or the speed of the store.',
    )
  }

  async #ends(topic: string, partitions: readonly number[]): Promise<AssignedPartition[]> {
    const generation = this.#settings.generations.get(topic)
    if (generation === undefined) throw new RunlightError('RL_CONSUMER_STOPPED', `${topic} has no generation.`)
    const ends = await this.#settings.admin.fetchTopicOffsets(topic)
    return ends
      .filter(({ partition }) => partitions.includes(partition))
      .map(({ partition, low, high }) => ({ topic, partition, generation, low: BigInt(low), high: BigInt(high) }))
  }

  async #committed(topic: string): Promise<Map<number, Committed>> {
    const { admin, groupId } = this.#settings
    const answers = await admin.fetchOffsets({ groupId, topics: [topic] })
    const committed = new Map<number, Committed>()
    for (const { partition, offset, metadata } of answers.flatMap((answer) => answer.partitions)) {
      if (BigInt(offset) >= 0n) committed.set(partition, { offset: BigInt(offset), generation: metadata ?? '' })
    }
    return committed
  }
}

function isLaneOf(lane: Lane, { topic, partition }: { topic: string; partition: number }): boolean {
  return lane.settings.topic === topic && lane.settings.partition === partition
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`
}
