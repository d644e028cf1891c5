// Runs of the demo workflow in a stack under test.

import type { AuditInputs } from '@runlight/contracts/audit-inputs'
import { isFinal } from '@runlight/contracts/execution-status'
import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { createApiClient } from '@runlight/sdk/client/api-client'
import type { ApiClient } from '@runlight/sdk/client/api-client'
import { Client, Connection } from '@temporalio/client'
import { expect, vi } from 'vitest'
import type { StackUnderTest } from './stack-under-test.ts'

/** Nodes of the demo workflow. */
export const NODES = 13

/** Starts a run through the API; gives its id. */
export async function startRun(stack: StackUnderTest, inputs: AuditInputs = {}): Promise<string> {
  const api = createApiClient({ baseUrl: stack.outputs.addresses.api })
  // Temporal may be too slow on a busy machine; a run that it has started all the same is nobody's.
  const { runId } = await vi.waitFor(() => api.startRun({ inputs }), { timeout: 60_000, interval: 250 })
  return runId
}

/** Waits until the API's status of the run fulfils the condition. */
export async function untilStatus(
  api: ApiClient,
  runId: string,
  condition: (status: ExecutionStatus) => boolean,
  timeout = 120_000,
): Promise<ExecutionStatus> {
  let last: ExecutionStatus | undefined
  await expect
    .poll(
      async () => {
        last = await api.status(runId).catch(() => undefined)
        return last !== undefined && condition(last) ? 'as expected' : last
      },
      { timeout, interval: 250, message: `Status of ${runId}` },
    )
    .toBe('as expected')
  return last as ExecutionStatus
}

/** Has ended, and both stores say that they hold all of it. */
export function isWhole({ status, telemetry }: ExecutionStatus): boolean {
  return isFinal(status) && Object.values(telemetry).every(({ state }) => state === 'complete')
}

/** Does something with a Temporal client of the stack. */
export async function withTemporal<T>(stack: StackUnderTest, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: stack.outputs.addresses.temporal })
  try {
    return await work(new Client({ connection, namespace: stack.outputs.demo.namespace }))
  } finally {
    await connection.close()
  }
}
