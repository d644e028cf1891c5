// How a bridge joins its group. kafkajs 2.2.4 takes a join that fails for a failed fetch: after NOT_COORDINATOR it gives its
// partitions up, is told that the coordinator is loading (COORDINATOR_LOAD_IN_PROGRESS), and then fetches what it had
// before, for ever: the broker, which has loaded the group meanwhile, takes its heartbeats, so that nothing makes it join
// again. Part of it is https://github.com/tulios/kafkajs/pull/1779.

import { createRequire } from 'node:module'
import type { Consumer } from 'kafkajs'

interface ConsumerGroup {
  groupId: string
  memberId: string | null
  instrumentationEmitter: { emit: (event: string, payload: object) => void }
  /** Waits 200 ms to 5 s between attempts; then rejects with an error that is not to be retried. */
  retrier: (work: () => Promise<void>) => Promise<void>
  joinAndSync: () => Promise<void>
}

let installed = false

/**
 * From now on consumers of this process that begin to join give up what they had, and try again until they are in: with
 * growing waits of five seconds at most, and after nine attempts from a new connection on, which is a CRASH with `restart`.
 */
export function joinUntilJoined({ events }: Pick<Consumer, 'events'>): void {
  if (installed) return
  installed = true
  const { prototype: group } = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as {
    prototype: ConsumerGroup
  }
  const { joinAndSync } = group
  group.joinAndSync = function (this: ConsumerGroup) {
    const { groupId, memberId, instrumentationEmitter } = this
    // Not told by kafkajs of a member that the broker does not know any more.
    instrumentationEmitter.emit(events.REBALANCING, { groupId, memberId })
    return this.retrier(() => joinAndSync.call(this))
  }
}
