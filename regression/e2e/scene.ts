// What the tests of the whole share.

import type { ApiClient } from '@runlight/sdk/client/api-client'
import { expect } from 'vitest'
import { NO_DIFFERENCE, compareIdentities } from '../oracle/identity.ts'
import { heldByApi, heldByBus, heldByPostgres, logsHeldByLoki } from './held-records.ts'
import type { StackUnderTest } from './stack-under-test.ts'

export interface Scene {
  stack: StackUnderTest
  api: ApiClient
  /** What git says of the clone before anything was done. */
  cloneBefore: string
}

/** The bus is the measure: what was sent is in both stores once, and comes back through the API in order. */
export async function expectOnceEverywhere(
  { stack, api }: Scene,
  runId: string,
): Promise<{ logs: string[]; events: string[] }> {
  const [bus, loki, postgres, read] = [
    await heldByBus(stack, runId),
    await logsHeldByLoki(stack, runId),
    await heldByPostgres(stack, runId),
    await heldByApi(api, runId),
  ]
  expect(bus.logs.length).toBeGreaterThan(0)
  // The SDK sends idempotently: what it repeats, the broker drops.
  expect(compareIdentities(bus.logs, bus.logs), 'log entries on the bus').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.logs, loki.identities), 'lines in Loki').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.logs, postgres.logs), 'rows in logs').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.events, postgres.events), 'rows in workflow_traces').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.logs, read.logs), 'lines through the API').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.events, read.events), 'events through the API').toEqual(NO_DIFFERENCE)
  expect(read.ordered, 'order of the lines through the API').toBe(true)
  expect(postgres.sequences, 'sequence').toEqual(postgres.sequences.map((_, index) => index + 1))
  return bus
}

/** Process of each component, as the stack's outputs tell. */
export function pids({ outputs }: StackUnderTest): Record<string, number> {
  return Object.fromEntries(Object.entries(outputs.components).map(([name, { pid }]) => [name, pid]))
}
