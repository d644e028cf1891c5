// Which lane a record of a topic takes.

import { Partitioners } from 'kafkajs'
import { Lane } from './lane.ts'

// murmur2 of the key, as Java's and kafkajs's default.
const partitionOf = Partitioners.DefaultPartitioner()

export class TopicRoute {
  readonly topic: string
  /** Where records wait while the partitions are not known. */
  readonly unassigned: Lane
  #partitions: readonly Lane[] = []
  /** Changes with the partitions. */
  generation = 0

  constructor(topic: string) {
    this.topic = topic
    this.unassigned = new Lane(topic)
  }

  get lanes(): readonly Lane[] {
    return [this.unassigned, ...this.#partitions]
  }

  lane(key: Buffer): Lane {
    if (this.#partitions.length === 0) return this.unassigned
    const partitionMetadata = this.#partitions.map((_, partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: 0,
      replicas: [],
      isr: [],
    }))
    return this.#partitions[
      partitionOf({ topic: this.topic, partitionMetadata, message: { key, value: null } })
    ] as Lane
  }

  /** The topic has so many partitions; 0: they are not known any more. Gives the lanes that are out of use now. */
  assign(partitions: number): readonly Lane[] {
    const before = this.#partitions
    this.#partitions = Array.from({ length: partitions }, (_, partition) => new Lane(this.topic, partition))
    this.generation++
    return partitions === 0 ? before : [this.unassigned]
  }
}

/** The way of the records of one key; remembers its lane. */
export class Outlet {
  readonly route: TopicRoute
  readonly key: Buffer
  #lane: Lane | undefined
  #generation = -1

  constructor(route: TopicRoute, key: string) {
    this.route = route
    this.key = Buffer.from(key)
  }

  get lane(): Lane {
    if (this.#lane === undefined || this.#generation !== this.route.generation) {
      this.#lane = this.route.lane(this.key)
      this.#generation = this.route.generation
    }
    return this.#lane
  }
}
