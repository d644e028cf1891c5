// Execution contexts for Temporal activities, made from what the activity knows of itself.

import { fileURLToPath } from 'node:url'
import { readRunMemo } from '@runlight/contracts/memo'
import type { RunHeader } from '@runlight/contracts/memo'
import { RUN_HEADER } from '@runlight/contracts/memo-keys'
import type { Context } from '@temporalio/activity'
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common'
import type { Headers } from '@temporalio/common'
import type { ActivityInterceptorsFactory } from '@temporalio/worker'
import { runInContext } from './current-context.ts'
import type { ExecutionContext } from './execution-context.ts'
import type { ExecutionOf } from './temporal-executions.ts'
import type { Telemetry } from './telemetry.ts'

/** For the worker's `interceptors.workflowModules`: passes on which run an activity belongs to. */
export const workflowInterceptorModule: string = fileURLToPath(import.meta.resolve('./temporal-workflow.ts'))

export interface ActivityTelemetry {
  telemetry: Telemetry
  /**
   * Asks for the execution that a Temporal run is (executionsFromVisibility). Without it the workflow's own count is
   * taken, which knows continuations and retries, but neither resets nor an id that was used before.
   */
  executionOf?: ExecutionOf
}

/**
 * For the worker's `interceptors.activity`: each attempt of an activity runs in a context of its own (currentContext).
 * The run is the workflow id, the node the activity id. The attempt is told as NODE_STARTED, then NODE_COMPLETED with
 * the result as summary, or NODE_FAILED. The context's close is not waited for: no activity waits for the bus.
 */
export function activityInterceptors({ telemetry, executionOf }: ActivityTelemetry): ActivityInterceptorsFactory {
  return (activity) => ({
    inbound: {
      execute: async (input, next) => {
        const run = activity.info.workflowExecution
        if (!run) return next(input)
        const { orgId, workflowId, execution: counted = 1 } = readHeader(input.headers)
        const execution = Math.max(counted, (await executionOf?.(run)) ?? 1)
        const { activityId: nodeRef, attempt } = activity.info
        const context = telemetry.context({ runId: run.workflowId, orgId, workflowId, execution, nodeRef, attempt })
        context.started()
        try {
          const result = await runInContext(context, () => next(input))
          context.completed(result)
          return result
        } catch (thrown) {
          tellFailure(context, thrown, activity)
          throw thrown
        } finally {
          void context.close()
        }
      },
    },
  })
}

/** What the workflow passes on. What does not have its shape is left out, as the observer does with a memo. */
function readHeader(headers: Headers): RunHeader {
  const payload = headers[RUN_HEADER]
  if (!payload) return {}
  try {
    const header = defaultPayloadConverter.fromPayload<RunHeader>(payload)
    const { orgId, workflowId } = readRunMemo({ ...header }).memo
    return {
      ...(orgId !== undefined && { orgId }),
      ...(workflowId !== undefined && { workflowId }),
      ...(Number.isSafeInteger(header.execution) && { execution: header.execution }),
    }
  } catch {
    // Somebody else's header under the same name: the activity is not to fail for it.
    return {}
  }
}

function tellFailure(context: ExecutionContext, thrown: unknown, { info, cancellationSignal }: Context): void {
  const name = thrown instanceof Error ? thrown.name : undefined
  // The activity goes on elsewhere; whoever completes it tells so.
  if (name === 'CompleteAsyncError') return
  // What is thrown by an aborted call (fetch, a timer) is the same cancellation.
  if (name === 'CancelledFailure' || (name === 'AbortError' && cancellationSignal.aborted)) {
    context.failed(thrown, { retryable: false, type: 'CancelledFailure' })
    return
  }
  const type = (thrown instanceof ApplicationFailure && thrown.type) || undefined
  const final =
    (thrown instanceof ApplicationFailure && thrown.nonRetryable) ||
    info.retryPolicy?.nonRetryableErrorTypes?.includes(type ?? name ?? '')
  context.failed(thrown, { retryable: !final, ...(type !== undefined && { type }) })
}
