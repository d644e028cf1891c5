// Scenarios that share servers, one after the other. Each has runs of its own.

import { afterAll, beforeAll } from 'vitest'
import { BRIDGE_MEMORY } from '../../stacks/components/bridges.ts'
import { startProxy } from '../fixtures/tcp-proxy.ts'
import type { TcpProxy } from '../fixtures/tcp-proxy.ts'
import { clocks } from './clocks.ts'
import { startDeliveryStack } from './delivery-stack.ts'
import type { DeliveryStack } from './delivery-stack.ts'
import { foreignProducers } from './foreign-producers.ts'
import { malformed } from './malformed.ts'
import { repeats } from './repeats.ts'
import { replays } from './replays.ts'
import { topicLife } from './topic-life.ts'

let stack: DeliveryStack
let wire: TcpProxy

beforeAll(async () => {
  stack = await startDeliveryStack({
    memory: BRIDGE_MEMORY,
    kafka: {
      wire: async (port) => {
        wire = await startProxy(port)
        return wire.port
      },
    },
  })
  await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
})
afterAll(async () => {
  await stack.stop()
  await wire.close()
})

repeats(() => ({ stack, wire }))
clocks(() => stack)
replays(() => stack)
foreignProducers(() => stack)
malformed(() => stack)
topicLife(() => stack)
