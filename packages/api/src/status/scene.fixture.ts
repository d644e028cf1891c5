// The API with all that knows how a run stands: Temporal, the bus, Loki and the trace store.

import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { ExecutionStatus as StatusShape } from '@runlight/contracts/execution-status'
import { shape } from '@runlight/contracts/schema'
import { TOPICS, replayTopic } from '@runlight/contracts/topics'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import { Client, Connection } from '@temporalio/client'
import { expect } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { startLoki } from '../../../../regression/fixtures/loki.ts'
import type { TestLoki } from '../../../../regression/fixtures/loki.ts'
import { startTemporal } from '../../../../regression/fixtures/temporal.ts'
import type { TestTemporal } from '../../../../regression/fixtures/temporal.ts'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { commitAsLoki } from '../test/loki-group.fixture.ts'
import { traceEvent } from '../test/records.fixture.ts'
import { takeFirstTask } from '../test/temporal-tasks.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'

export const MEMO = { workflowId: 'audit', orgId: 'acme', graph: { nodes: [{ ref: 'build', after: [] }] } }

export const event = (runId: string, type: TraceEvent['type'], fields: Partial<TraceEvent> = {}) =>
  traceEvent({ runId, type, orgId: 'acme', workflowId: 'audit', ...fields })

/** There is nothing of it before it is brought up. */
export class StatusScene {
  temporal!: TestTemporal
  kafka!: TestKafka
  loki!: TestLoki
  store!: TraceStore
  client!: Client
  api!: TestApi
  #connection!: Connection

  async bringUp(): Promise<void> {
    const all = [startTemporal(), startKafka(), startLoki(), startTraceStore()] as const
    ;[this.temporal, this.kafka, this.loki, this.store] = await Promise.all(all)
    const topics = [TOPICS.logs, TOPICS.events, TOPICS.deadLetters, replayTopic('loki')]
    await this.kafka.createTopics(topics.map((topic) => ({ topic, partitions: 5 })))
    this.#connection = await Connection.connect({ address: this.temporal.address })
    this.client = new Client({ connection: this.#connection })
    this.api = await startTestApi(this.store.postgres, {
      temporal: this.temporal,
      brokers: this.kafka.brokers,
      lokiUrl: this.loki.url,
    })
  }

  async tearDown(): Promise<void> {
    await this.api?.stop()
    await this.#connection?.close()
    await Promise.all([this.store, this.loki, this.kafka, this.temporal].map((one) => one?.stop()))
  }

  async status(runId: string): Promise<ExecutionStatus> {
    const answer = await this.api.get<ExecutionStatus>(`/workflows/runs/${encodeURIComponent(runId)}/status`)
    expect(shape(StatusShape).check(answer)).toMatchObject({ ok: true })
    return answer
  }

  /** The status as soon as it is this one. */
  async untilStatus(runId: string, wanted: ExecutionStatus['status']): Promise<ExecutionStatus> {
    await this.eventually(async () => (await this.status(runId)).status).toBe(wanted)
    return this.status(runId)
  }

  /** Waits however busy the machine is, and leaves it time between two questions. */
  eventually<T>(read: () => T) {
    return expect.poll(read, { timeout: 60_000, interval: 100 })
  }

  async start(runId: string): Promise<void> {
    await this.client.workflow.start('audit', { workflowId: runId, taskQueue: runId, memo: MEMO })
  }

  commitLoki(partition: number, offset: number, topic: string = TOPICS.logs): Promise<unknown> {
    return commitAsLoki(this.kafka.client(), topic, partition, offset)
  }

  takeTask(runId: string) {
    return takeFirstTask(this.#connection, this.temporal.namespace, runId)
  }
}
