// The consumer group's life: joins, rebalances, crashes, and the way out.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, Kafka } from 'kafkajs'
import { RunlightError } from '@runlight/contracts/errors'
import { ORIGIN_HEADER, replayTopic } from '@runlight/contracts/topics'
import { Assignment } from './assignment.ts'
import type { AssignmentSettings, MemberAssignment } from './assignment.ts'
import { readFetchesOf } from './fetch.ts'
import { joinUntilJoined } from './join.ts'
import type { Lane } from './lane.ts'
import { drainLanes } from './lane.ts'
import { retryForever } from './retry.ts'
import { consumedTopics } from './sink.ts'
import type { Sink } from './sink.ts'
import { noLongerThan, untilDone } from './until-done.ts'
import { Watchdog } from './watchdog.ts'

/** How long the batches under way may take when the process stops, in milliseconds; below the service's own deadline. */
const DRAIN_DEADLINE_MS = 10_000
/** How long the last commit may take then; what is not committed is delivered again, and changes nothing. */
const COMMIT_DEADLINE_MS = 5_000
/** How long leaving the group may take then: without a broker it can't succeed. */
const LEAVE_DEADLINE_MS = 2_000
/** A consumer that has stood still for this long has stalled, in milliseconds. */
export const STALL_MS = 5 * 60_000
const LOOKS = 60

export interface ConsumeSettings extends Omit<AssignmentSettings, 'consumer' | 'generations' | 'unfinished'> {
  kafka: Kafka
  /** How long the group waits for a sign of life before it gives the partitions away, in milliseconds. */
  sessionTimeout: number
  /** Generations of the topics when the process started. */
  generations: ReadonlyMap<string, string>
  readGenerations: () => Promise<ReadonlyMap<string, string>>
  /** Aborted when the process has failed before the consumer runs. */
  starting: AbortSignal
  /** How long the consumer may stand still, in milliseconds. */
  stallMillis: number
}

export interface Consumption {
  lanes: () => readonly Lane[]
  /** Is this member in the group? */
  joined: () => boolean
  /** How long the consumer, or the writer of dead letters, has stood still, in milliseconds. */
  stillFor: () => number
  /** Told whether the broker has answered somebody else just now. */
  brokerAnswered: (answered: boolean) => void
  stop: () => Promise<void>
}

export async function consume({
  kafka,
  sessionTimeout,
  stallMillis,
  generations,
  readGenerations,
  starting,
  ...settings
}: ConsumeSettings): Promise<Consumption> {
  const { sink, groupId, log, fail } = settings
  const consumer = createConsumer(kafka, groupId, sessionTimeout)
  joinUntilJoined(consumer)
  let assignment: Assignment | undefined
  const unfinished = new Set<Lane>()
  const watchdog = new Watchdog(() => settings.deadLetters.sendingSince)
  let stopping = false
  let rejoining = false

  const giveUp = () => {
    assignment?.close()
    assignment = undefined
  }
  const takeOver = async (member: MemberAssignment) => {
    const partitions = Object.entries(member).map(([topic, list]) => ({ topic, partitions: [...list] }))
    // Before the first await: kafkajs fetches as soon as this listener has returned.
    if (partitions.length > 0) consumer.pause(partitions)
    giveUp()
    const own = new Assignment({ ...settings, generations, unfinished, consumer })
    assignment = own
    settings.metrics.rebalances.inc({ sink: sink.name })
    log.info({ partitions: member }, 'Partitions are assigned.')
    const { signal } = own
    // The store or the broker may be away at this moment.
    const onFailure = (cause: unknown) => {
      if (cause instanceof RunlightError) throw cause
      log.warn({ cause }, `Where to go on could not be found out; asking again: ${(cause as Error).message}`)
      return undefined
    }
    const start = async () => {
      // A topic may have been created anew while the group was rebalancing because of just that.
      if (rejoining) assertSame(generations, await readGenerations(), sink)
      await own.start(member)
      rejoining = true
    }
    await retryForever({ signal, onFailure }, start).catch((cause: unknown) => {
      if (!signal.aborted) throw cause
    })
  }

  for (const event of [consumer.events.FETCH, consumer.events.HEARTBEAT, consumer.events.CONNECT] as const) {
    consumer.on(event, () => watchdog.sign())
  }
  consumer.on(consumer.events.FETCH, () => {
    watchdog.fetched(assignment !== undefined)
    assignment?.fetched()
  })
  consumer.on(consumer.events.REBALANCING, () => giveUp())
  consumer.on(consumer.events.GROUP_JOIN, async ({ payload }) => {
    watchdog.sign()
    await takeOver(payload.memberAssignment).catch(fail)
  })
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    watchdog.sign()
    giveUp()
    if (restart) log.warn({ cause: error }, `The consumer could not go on and starts again: ${error.message}`)
    else fail(new RunlightError('RL_CONSUMER_STOPPED', `The consumer has stopped: ${error.message}`, { cause: error }))
  })

  const watch = setInterval(() => {
    if (watchdog.stillFor > stallMillis) fail(stalled(watchdog.stillFor, assignment !== undefined))
  }, stallMillis / LOOKS)
  watch.unref()
  for (const { topic, kind } of sink.topics) readFetchesOf(topic, kind === 'raw' ? ORIGIN_HEADER : undefined)
  readFetchesOf(replayTopic(sink.name), ORIGIN_HEADER)
  const begin = async () => {
    await consumer.connect()
    await consumer.subscribe({ topics: consumedTopics(sink), fromBeginning: true })
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
  }
  await untilDone({ log, signal: starting, what: 'Starting the consumer' }, () =>
    begin().catch(async (cause: unknown) => {
      // One that has begun to run takes no second start.
      await consumer.stop().catch(() => undefined)
      throw cause
    }),
  )

  return {
    lanes: () => assignment?.lanes ?? [],
    joined: () => assignment !== undefined,
    stillFor: () => watchdog.stillFor,
    brokerAnswered: (answered) => watchdog.brokerAnswered(answered),
    stop: async () => {
      if (stopping) return
      stopping = true
      clearInterval(watch)
      const last = assignment
      if (last) {
        await drainLanes(last.lanes, DRAIN_DEADLINE_MS)
        await Promise.race([last.committed(), sleep(COMMIT_DEADLINE_MS, undefined, { ref: false })])
      }
      giveUp()
      await noLongerThan(LEAVE_DEADLINE_MS, consumer.disconnect())
    },
  }
}

function assertSame(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>, sink: Sink): void {
  for (const topic of consumedTopics(sink)) {
    if (before.get(topic) === now.get(topic)) continue
    throw new RunlightError('RL_GENERATION_CHANGED', `${topic} was created anew while this process was running.`)
  }
}

function stalled(millis: number, joined: boolean): RunlightError {
  const what = joined
    ? 'no fetch has succeeded, or dead letters have been on their way'
    : 'this instance has not come back to its consumer group'
  return new RunlightError('RL_CONSUMER_STOPPED', `For ${Math.round(millis / 1000)} s ${what}.`)
}

function createConsumer(kafka: Kafka, groupId: string, sessionTimeout: number): Consumer {
  return kafka.consumer({
    groupId,
    // After SIGKILL the partitions stand still for so long. A stall that is longer costs a rebalance and repeats.
    sessionTimeout,
    rebalanceTimeout: 30_000,
    heartbeatInterval: Math.round(sessionTimeout / 4),
    // A paused partition is fetched again only with the next request, so a request must not wait long.
    maxWaitTimeInMs: 250,
    minBytes: 1,
    maxBytesPerPartition: 1024 * 1024,
    maxBytes: 8 * 1024 * 1024,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 8, restartOnFailure: () => Promise.resolve(true) },
  })
}
