// Kafka, Temporal, a worker and a reader of the events topic: what every test of the observer needs.

import { Client, Connection } from '@temporalio/client'
import type { WorkflowHandleWithFirstExecutionRunId, WorkflowStartOptions } from '@temporalio/client'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import { expect, vi } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { startTemporal } from '../../../../regression/fixtures/temporal.ts'
import type { TestTemporal } from '../../../../regression/fixtures/temporal.ts'
import { endsOf, readEvents } from './events.fixture.ts'
import type { EventReader } from './events.fixture.ts'
import { EVENTS, startWorker } from './processes.fixture.ts'
import type { followPlan, Plan } from './workflows.fixture.ts'

/** How long a condition may take to come true; nothing is asserted of the time itself. */
export const WAIT = { timeout: 60_000, interval: 100 }

export type TestRun = WorkflowHandleWithFirstExecutionRunId<typeof followPlan>

export interface TestStack {
  kafka: TestKafka
  temporal: TestTemporal
  client: Client
  reader: EventReader
  /** Starts a run on the steady worker, unless told otherwise. */
  run: (plan: Plan, options?: Partial<WorkflowStartOptions>) => Promise<TestRun>
  /** All events of a run, once one that ends the execution is there. */
  ended: (runId: string, execution?: number) => Promise<TraceEvent[]>
  stop: () => Promise<void>
}

/** @param memo of every run, unless its options say otherwise */
export async function startStack(memo: Record<string, unknown>): Promise<TestStack> {
  const cleanUp: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of cleanUp.reverse()) await end()
  }
  try {
    const [kafka, temporal] = await Promise.all([startKafka(), startTemporal()])
    cleanUp.push(kafka.stop, temporal.stop)
    await kafka.createTopics([{ topic: EVENTS }])
    const connection = await Connection.connect({ address: temporal.address })
    cleanUp.push(() => connection.close())
    const client = new Client({ connection })
    const worker = await startWorker(temporal, 'steady')
    cleanUp.push(worker.kill)
    const reader = await readEvents(kafka)
    cleanUp.push(reader.stop)

    const run: TestStack['run'] = (plan, options = {}) =>
      client.workflow.start<typeof followPlan>('followPlan', {
        taskQueue: 'steady',
        workflowId: `run-${crypto.randomUUID()}`,
        memo,
        ...options,
        args: [plan],
      } as WorkflowStartOptions<typeof followPlan>)
    const ended: TestStack['ended'] = (runId, execution = 1) =>
      vi.waitFor(() => {
        const events = reader.ofRun(runId)
        expect(endsOf(events).some((event) => event.execution === execution)).toBe(true)
        return events
      }, WAIT)
    return { kafka, temporal, client, reader, run, ended, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
