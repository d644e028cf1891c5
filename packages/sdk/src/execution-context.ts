// What the code of one attempt of a node (or of a run as a whole) reports with.

import { attemptOpenedBy, attemptStartedBy } from '@runlight/contracts/causality'
import type { LogLevel } from '@runlight/contracts/log-entry'
import { causeKey } from '@runlight/contracts/trace-event'
import type { TraceEvent, TraceEventType } from '@runlight/contracts/trace-event'
import { countdown } from './deadline.ts'
import type { EventProducer } from './event-producer.ts'
import type { KafkaLogAdapter } from './kafka-log-adapter.ts'
import type { KafkaTraceAdapter } from './kafka-trace-adapter.ts'
import { hint } from './log-producer.ts'
import { LogWriter } from './log-writer.ts'
import type { LeftOut } from './rate-limit.ts'
import type { Outlet } from './topic-route.ts'
import { toTraceError } from './trace-error.ts'

export interface ExecutionContextOptions {
  logs: KafkaLogAdapter
  events: KafkaTraceAdapter
  runId: string
  workflowId?: string | undefined
  orgId?: string | undefined
  /** Default 1. */
  execution?: number
  /** Without a node the context speaks for the run: entries are `job` entries, and steps are told as such. */
  nodeRef?: string
  /** Attempt of the node. Default 1. */
  attempt?: number
}

export interface Progress {
  /** Default `info`. */
  level?: LogLevel
  message: string
  data?: Record<string, unknown>
}

type Step = Pick<TraceEvent, 'level' | 'message' | 'data' | 'error' | 'outputSummary' | 'causes'>

export class ExecutionContext extends LogWriter {
  readonly runId: string
  readonly execution: number
  readonly nodeRef: string | undefined
  readonly attempt: number
  readonly #common: Pick<TraceEvent, 'runId' | 'execution' | 'attempt' | 'orgId' | 'workflowId' | 'nodeRef'>
  readonly #events: EventProducer
  readonly #eventOutlet: Outlet
  readonly #holdFor: (closing: Promise<unknown>) => void
  readonly #stopReports: () => void
  readonly #forget: () => void
  #startedBy: string | undefined
  #endedBy: string | undefined
  #closing: Promise<boolean> | undefined

  constructor({
    logs,
    events,
    runId,
    workflowId,
    orgId,
    execution = 1,
    nodeRef,
    attempt = 1,
  }: ExecutionContextOptions) {
    const optional = {
      ...(orgId !== undefined && { orgId }),
      ...(workflowId !== undefined && { workflowId }),
      ...(nodeRef !== undefined && { nodeRef }),
    }
    const ofNode = nodeRef === undefined ? { type: 'job' as const } : { type: 'task' as const, attempt }
    super(logs.producer({ ...ofNode, runId, execution, ...optional }))
    this.runId = runId
    this.execution = execution
    this.nodeRef = nodeRef
    this.attempt = attempt
    this.#common = { runId, execution, attempt, ...optional }
    this.#events = events.producer(hint({ ...optional, attempt }), (leftOut) => this.#reportLeftOut(leftOut))
    this.#eventOutlet = this.#events.outlet(runId)
    this.#holdFor = (closing) => events.holdFor(closing)
    this.#stopReports = logs.onReportable(() => this.#reportDrops())
    this.#forget = logs.onProcessEnd((timeoutMs) => this.close(timeoutMs))
  }

  /**
   * The node has come so far. Past the queue's bound, progress of level debug and info goes first, as such lines do; a
   * rate limit of the run leaves such progress out.
   */
  emitProgress(progress: Progress): void {
    try {
      const { level = 'info', message, data } = progress
      this.#step('NODE_PROGRESS', { level, message, ...(data !== undefined && { data }) })
    } catch {
      this.#events.refuse('invalid')
    }
  }

  /** The attempt begins. */
  started(): void {
    const { execution, nodeRef, attempt } = this
    const opened = nodeRef === undefined ? {} : { causes: [attemptOpenedBy({ execution, nodeRef, attempt })] }
    this.#step('NODE_STARTED', { level: 'info', message: `${this.#name()} has started.`, ...opened })
    if (nodeRef !== undefined) this.#startedBy = attemptStartedBy({ execution, nodeRef, attempt })
  }

  /** The attempt has done its work; `outputSummary` (any JSON value, up to 64 KiB) says what came out, in short. */
  completed(outputSummary?: unknown): void {
    const summary = outputSummary === undefined ? {} : { outputSummary }
    this.#end('NODE_COMPLETED', { level: 'info', message: `${this.#name()} has completed.`, ...summary })
  }

  /** The attempt has failed. `retryable`: whether another attempt could do better. */
  failed(thrown: unknown, { retryable = true, type }: { retryable?: boolean; type?: string } = {}): void {
    const error = toTraceError(thrown, { retryable, ...(type !== undefined && { type }) })
    this.#end('NODE_FAILED', { level: 'error', message: `${this.#name()} has failed: ${error.message}`, error })
  }

  /** Resolves with true when all that was reported before is acknowledged or dropped, with false when time is over. */
  override async flush(timeoutMs: number): Promise<boolean> {
    const left = countdown(timeoutMs)
    return (await this.producer.flush(timeoutMs)) && (await this.#events.flush(left(), this.#eventOutlet))
  }

  /**
   * Ends the context: nothing more is taken, and when everything is acknowledged, PRODUCER_CLOSED tells the account.
   * Gives false when time is over before that: then nothing is claimed, and completeness is honestly unknown.
   *
   * Without a time-out it waits for as long as the process lives, and doesn't keep it alive; the adapters' close waits
   * for it. So code whose result must not wait for the bus calls it without awaiting it.
   */
  close(timeoutMs = Infinity): Promise<boolean> {
    if (!this.#closing) {
      this.#closing = this.#close(countdown(timeoutMs))
      this.#holdFor(this.#closing)
    }
    return this.#closing
  }

  async #close(left: () => number): Promise<boolean> {
    this.#events.reportLimits()
    this.endLog()
    this.#stopReports()
    this.#forget()
    const flushed = await this.flush(left())
    this.#reportDrops()
    if (!flushed || !(await this.flush(left()))) return false
    const logs = this.producer.identity.account()
    const events = this.#events.identity.account()
    if (!logs || !events) return false
    const causes = this.#endedBy === undefined ? {} : { causes: [this.#endedBy] }
    const message = `The producer has closed after ${logs.count} log entries and ${events.count} events.`
    this.#record('PRODUCER_CLOSED', { level: 'info', message, data: { logs, events }, ...causes })
    return this.#events.flush(left(), this.#eventOutlet)
  }

  #end(type: 'NODE_COMPLETED' | 'NODE_FAILED', step: Step): void {
    const causes = this.#startedBy === undefined ? {} : { causes: [this.#startedBy] }
    this.#step(type, { ...step, ...causes })
    const { execution, nodeRef, attempt } = this
    if (nodeRef !== undefined) this.#endedBy = causeKey({ execution, nodeRef, attempt, type })
  }

  /** Steps are of nodes; those of a whole run are the observer's to tell, so that here they are only logged. */
  #step(type: TraceEventType, step: Step): void {
    if (this.#closing) return this.#events.refuse()
    if (this.nodeRef !== undefined) {
      const causes = type === 'NODE_PROGRESS' && this.#startedBy !== undefined ? { causes: [this.#startedBy] } : {}
      this.#record(type, { ...causes, ...step })
      return
    }
    const { level, message, ...metadata } = step
    this.log({ level, message, ...(Object.keys(metadata).length > 0 && { metadata }) })
  }

  #record(type: TraceEventType, step: Step): void {
    this.#events.record({ ...this.#common, type, ...step }, this.#eventOutlet)
  }

  #reportDrops(): void {
    const logs = this.producer.identity.takeUnreported()
    const events = this.#events.identity.takeUnreported()
    if (!logs && !events) return
    this.producer.reportDrops({
      ...(logs && { [this.producer.topic]: logs }),
      ...(events && { [this.#events.topic]: events }),
    })
  }

  #reportLeftOut({ count, countInAll, byLevel, windowMs }: LeftOut): void {
    const message = `${count} ${count === 1 ? 'step' : 'steps'} of progress left out by the rate limit of the run.`
    this.producer.report({ level: 'warn', message, metadata: { leftOut: { count, byLevel, countInAll, windowMs } } })
  }

  #name(): string {
    return this.nodeRef === undefined ? 'The run' : `Node ${this.nodeRef} (attempt ${this.attempt})`
  }
}

/** A context for one attempt of a node, or for a run. Each has identities of its own and is to be closed. */
export function createExecutionContext(options: ExecutionContextOptions): ExecutionContext {
  return new ExecutionContext(options)
}
