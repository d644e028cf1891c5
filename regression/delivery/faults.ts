// What is done to a running stack: each fault leaves it whole again.

import { setTimeout as sleep } from 'node:timers/promises'
import { consumerGroup } from '@runlight/contracts/topics'
import type { SinkName } from '@runlight/contracts/topics'
import type { Random } from '../oracle/random.ts'
import type { BridgeProcess } from './bridge-process.ts'
import type { DeliveryStack } from './delivery-stack.ts'

export interface Fault {
  name: string
  strike: (stack: DeliveryStack, random: Random) => Promise<void>
}

export const FAULTS: readonly Fault[] = [
  { name: 'SIGKILL of the Loki bridge', strike: (stack) => replace(stack, ['loki']) },
  { name: 'SIGKILL of the Postgres bridge', strike: (stack) => replace(stack, ['postgres']) },
  { name: 'SIGTERM of both bridges', strike: (stack) => restartGracefully(stack) },
  { name: 'SIGKILL of the broker', strike: async ({ kafka }) => revive(kafka, () => kafka.kill()) },
  { name: 'restart of the broker', strike: async ({ kafka }) => revive(kafka, () => kafka.shutDown()) },
  { name: 'SIGKILL of Loki', strike: async ({ loki }) => revive(loki, () => loki.kill()) },
  { name: 'restart of Loki', strike: async ({ loki }) => revive(loki, () => loki.shutDown()) },
  { name: 'SIGKILL of PostgreSQL', strike: async ({ postgres }) => revive(postgres, () => postgres.kill()) },
  { name: 'restart of PostgreSQL', strike: async ({ postgres }) => revive(postgres, () => postgres.shutDown()) },
  {
    name: 'SIGKILL of everything but the broker',
    strike: async (stack) => {
      await Promise.all([stack.loki.kill(), stack.postgres.kill(), replace(stack, ['loki', 'postgres'])])
      await Promise.all([stack.loki.start(), stack.postgres.start()])
    },
  },
  { name: 'a second instance of each, the first stopped beyond its session', strike: freezeTheFirst },
  { name: 'a second instance of each joins and leaves', strike: joinAndLeave },
]

async function revive(server: { start: () => Promise<void> }, end: () => Promise<void>): Promise<void> {
  await end()
  await server.start()
}

async function replace(stack: DeliveryStack, sinks: readonly SinkName[]): Promise<void> {
  const old = remove(stack, sinks)
  await Promise.all(old.map((bridge) => bridge.kill()))
  await Promise.all(old.map(({ sink }) => stack.startBridge(sink)))
}

async function restartGracefully(stack: DeliveryStack): Promise<void> {
  const old = remove(stack, ['loki', 'postgres'])
  await leave(old)
  await Promise.all(old.map(({ sink }) => stack.startBridge(sink)))
}

async function joinAndLeave(stack: DeliveryStack, random: Random): Promise<void> {
  const first = [...stack.bridges]
  const second = await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
  await untilMembers(stack, 2)
  const leaving = random.chance(0.5) ? first : second
  for (const bridge of leaving) stack.bridges.splice(stack.bridges.indexOf(bridge), 1)
  await leave(leaving)
}

/** Those that stopped are taken for dead, and come back believing that their partitions are still theirs. */
async function freezeTheFirst(stack: DeliveryStack): Promise<void> {
  const first = [...stack.bridges]
  await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
  await untilMembers(stack, 2)
  for (const bridge of first) bridge.freeze()
  await untilMembers(stack, 1)
  for (const bridge of first) bridge.thaw()
  await untilMembers(stack, 2)
  for (const bridge of first) stack.bridges.splice(stack.bridges.indexOf(bridge), 1)
  await leave(first)
}

function remove(stack: DeliveryStack, sinks: readonly SinkName[]): BridgeProcess[] {
  const gone = stack.bridges.filter(({ sink }) => sinks.includes(sink))
  for (const bridge of gone) stack.bridges.splice(stack.bridges.indexOf(bridge), 1)
  return gone
}

async function leave(bridges: readonly BridgeProcess[]): Promise<void> {
  const asAsked = await Promise.all(bridges.map((bridge) => bridge.shutDown()))
  const late = bridges.filter((_, index) => !asAsked[index])
  if (late.length > 0)
    throw new Error(`A bridge did not end on SIGTERM:\n${late.map(({ log }) => log().slice(-3_000)).join('\n')}`)
}

const DEADLINE_MS = 120_000

/** Waits until the groups of both sinks have so many members, and are at peace. */
export async function untilMembers({ admin }: DeliveryStack, count: number): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  for (;;) {
    const { groups } = await admin.describeGroups([consumerGroup('loki'), consumerGroup('postgres')])
    if (groups.every(({ state, members }) => state === 'Stable' && members.length === count)) return
    const states = groups.map(({ groupId, state, members }) => `${groupId}: ${state}, ${members.length} members`)
    if (Date.now() > deadline) throw new Error(`The groups did not come to ${count} members: ${states.join('; ')}`)
    await sleep(100)
  }
}
