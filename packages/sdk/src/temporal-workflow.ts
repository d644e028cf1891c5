// Passes on, from a workflow to its activities, children and continuations, which run they belong to.
// Runs in Temporal's workflow sandbox: give this module to the worker as `interceptors.workflowModules`.

import type { RunHeader } from '@runlight/contracts/memo'
import { MEMO_KEYS, RUN_HEADER } from '@runlight/contracts/memo-keys'
import { defaultPayloadConverter } from '@temporalio/common'
import type { Headers } from '@temporalio/common'
import { workflowInfo } from '@temporalio/workflow'
import type {
  Next,
  WorkflowInboundCallsInterceptor,
  WorkflowInterceptorsFactory,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow'

/** Name that Temporal demands. */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const passOn = new PassRunOn()
  return { inbound: [passOn], outbound: [passOn] }
}

class PassRunOn implements WorkflowInboundCallsInterceptor, WorkflowOutboundCallsInterceptor {
  #received: RunHeader | undefined

  async execute(...[input, next]: Call<WorkflowInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const payload = input.headers[RUN_HEADER]
    this.#received = payload && defaultPayloadConverter.fromPayload<RunHeader>(payload)
    return next(input)
  }

  async scheduleActivity(
    ...[input, next]: Call<WorkflowOutboundCallsInterceptor, 'scheduleActivity'>
  ): Promise<unknown> {
    return next({ ...input, headers: this.#with(input.headers, this.#header(0)) })
  }

  async scheduleLocalActivity(
    ...[input, next]: Call<WorkflowOutboundCallsInterceptor, 'scheduleLocalActivity'>
  ): Promise<unknown> {
    return next({ ...input, headers: this.#with(input.headers, this.#header(0)) })
  }

  /** A child is a run of its own; it inherits the organisation where its memo names none. */
  async startChildWorkflowExecution(
    ...[input, next]: Call<WorkflowOutboundCallsInterceptor, 'startChildWorkflowExecution'>
  ): Promise<[Promise<string>, Promise<unknown>]> {
    const { orgId } = this.#header(0)
    return next({
      ...input,
      headers: this.#with(input.headers, { ...(orgId !== undefined && { orgId }), execution: 1 }),
    })
  }

  async continueAsNew(...[input, next]: Call<WorkflowOutboundCallsInterceptor, 'continueAsNew'>): Promise<never> {
    return next({ ...input, headers: this.#with(input.headers, this.#header(1)) })
  }

  #header(later: number): RunHeader {
    const { memo } = workflowInfo()
    const execution = this.#execution()
    const header: RunHeader = { ...this.#received, ...pick(memo, 'orgId'), ...pick(memo, 'workflowId') }
    delete header.execution
    return execution === undefined ? header : { ...header, execution: execution + later }
  }

  /**
   * The place of this Temporal run among those of its workflow id, as far as the workflow can know: the run that it
   * was continued from says it in the header, which the server copies to retries. A reset and a cron schedule are made
   * by the server alone, with the old header; then it is not known here.
   */
  #execution(): number | undefined {
    const { runId, originalExecutionRunId, cronSchedule, attempt } = workflowInfo()
    if (runId !== originalExecutionRunId || cronSchedule) return undefined
    const base = this.#received === undefined ? 1 : this.#received.execution
    return base === undefined ? undefined : base + attempt - 1
  }

  #with(headers: Headers, header: RunHeader): Headers {
    return { ...headers, [RUN_HEADER]: defaultPayloadConverter.toPayload(header) }
  }
}

type Call<Interceptor, Name extends keyof Interceptor> = Required<Interceptor>[Name] extends (
  input: infer Input,
  ...rest: never[]
) => unknown
  ? [input: Input, next: Next<Interceptor, Name>]
  : never

/** A field of the memo; whether it has its shape is checked where it is used. */
function pick(memo: Record<string, unknown> | undefined, key: 'orgId' | 'workflowId'): RunHeader {
  const value = memo?.[MEMO_KEYS[key]]
  return typeof value === 'string' ? { [key]: value } : {}
}
