// The consumer group's life: joins, rebalances, crashes, and the way out.

import type { Consumer, Kafka } from 'kafkajs'
import { RunlightError } from '@runlight/contracts/errors'
import { Assignment } from './assignment.ts'
import type { AssignmentSettings, MemberAssignment } from './assignment.ts'
import type { Lane } from './lane.ts'
import { drainLanes } from './lane.ts'
import { retryForever } from './retry.ts'

/** How long the batches under way may take when the process stops, in milliseconds; below the service's own deadline. */
const DRAIN_DEADLINE_MS = 10_000
/** A consumer that has shown no sign of life for this long is stalled, in milliseconds. */
const STALL_MS = 5 * 60_000

export interface ConsumeSettings extends Omit<AssignmentSettings, 'consumer'> {
  kafka: Kafka
}

export interface Consumption {
  lanes: () => readonly Lane[]
  /** Is this member in the group? */
  joined: () => boolean
  /** Since when there was no sign of life from the consumer, in milliseconds; undefined while it is well. */
  stalledFor: () => number | undefined
  stop: () => Promise<void>
}

export async function consume({ kafka, ...settings }: ConsumeSettings): Promise<Consumption> {
  const { sink, groupId, log, fail } = settings
  const consumer = createConsumer(kafka, groupId)
  let assignment: Assignment | undefined
  let previous: readonly Lane[] = []
  let lastSign = Date.now()
  let stopping = false

  const giveUp = () => {
    assignment?.close()
    previous = [...previous, ...(assignment?.lanes ?? [])]
    assignment = undefined
  }
  const takeOver = async (member: MemberAssignment) => {
    const partitions = Object.entries(member).map(([topic, list]) => ({ topic, partitions: [...list] }))
    // Before the first await: kafkajs fetches as soon as this listener has returned.
    if (partitions.length > 0) consumer.pause(partitions)
    giveUp()
    const own = new Assignment({ ...settings, consumer })
    assignment = own
    log.info({ partitions: member }, 'Partitions are assigned.')
    const before = previous
    previous = []
    const { signal } = own
    // The store or the broker may be away at this moment.
    const onFailure = (cause: unknown) => {
      if (cause instanceof RunlightError) throw cause
      log.warn({ cause }, `Where to go on could not be found out; asking again: ${(cause as Error).message}`)
      return undefined
    }
    await retryForever({ signal, onFailure }, () => own.start(member, before)).catch((cause: unknown) => {
      if (!signal.aborted) throw cause
    })
  }

  for (const event of [consumer.events.FETCH, consumer.events.HEARTBEAT, consumer.events.CONNECT] as const) {
    consumer.on(event, () => (lastSign = Date.now()))
  }
  consumer.on(consumer.events.REBALANCING, () => giveUp())
  consumer.on(consumer.events.GROUP_JOIN, async ({ payload }) => {
    lastSign = Date.now()
    await takeOver(payload.memberAssignment).catch(fail)
  })
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    lastSign = Date.now()
    giveUp()
    if (restart) log.warn({ cause: error }, `The consumer lost its connection and starts again: ${error.message}`)
    else fail(new RunlightError('RL_CONSUMER_STOPPED', `The consumer has stopped: ${error.message}`, { cause: error }))
  })

  await consumer.connect()
  await consumer.subscribe({ topics: sink.topics.map(({ topic }) => topic), fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async (payload) => {
      try {
        await assignment?.accept(payload)
      } catch (cause) {
        if (cause instanceof RunlightError) fail(cause)
        else throw cause
      }
    },
  })

  return {
    lanes: () => assignment?.lanes ?? [],
    joined: () => assignment !== undefined,
    stalledFor: () => (Date.now() - lastSign > STALL_MS ? Date.now() - lastSign : undefined),
    stop: async () => {
      if (stopping) return
      stopping = true
      const last = assignment
      if (last) {
        await drainLanes(last.lanes, DRAIN_DEADLINE_MS)
        await last.committed()
      }
      giveUp()
      await consumer.disconnect()
    },
  }
}

function createConsumer(kafka: Kafka, groupId: string): Consumer {
  return kafka.consumer({
    groupId,
    // After SIGKILL the partitions stand still for so long. A stall that is longer costs a rebalance and repeats.
    sessionTimeout: 12_000,
    rebalanceTimeout: 30_000,
    heartbeatInterval: 3_000,
    // A paused partition is fetched again only with the next request, so a request must not wait long.
    maxWaitTimeInMs: 250,
    minBytes: 1,
    maxBytesPerPartition: 1024 * 1024,
    maxBytes: 8 * 1024 * 1024,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 8, restartOnFailure: () => Promise.resolve(true) },
  })
}
