// Starts a run of the demo workflow by the demo's own command, as a program: the packages of a worker are none of ours.

import { fileURLToPath } from 'node:url'
import type { Environment } from './environment.ts'
import { runProgram } from './run-program.ts'

export interface RunWish {
  /** Node that is made to fail for good. */
  failingNode?: string
}

/** Why no run can be started there, and what to do about it; undefined where one can. */
export function whyNoRun({ stack }: Environment): { seen: string; next: string } | undefined {
  if (stack?.outputs.addresses.temporal !== undefined) return undefined
  return {
    seen: 'No run was started: only the address of the API is known, and a run is started through Temporal.',
    next: 'Name the stack by --stack, so that its outputs tell where Temporal and the task queue are.',
  }
}

/**
 * Starts a run; gives its id.
 * @throws Error with what the demo's command says
 */
export async function startRun({ stack }: Environment, wish: RunWish, signal: AbortSignal): Promise<string> {
  const temporal = stack?.outputs.addresses.temporal
  if (!stack || temporal === undefined) throw new Error('Where a run is started is not known')
  const { namespace, taskQueue, runPrefix, lockFile, outputFolder } = stack.outputs.demo
  const command = ['--import', import.meta.resolve('tsx'), fileURLToPath(import.meta.resolve('@runlight/demo/start'))]
  const fault = wish.failingNode === undefined ? [] : ['--fail', wish.failingNode]
  const answer = await runProgram({
    file: process.execPath,
    args: [...command, '--json', '--lock', lockFile, '--out', outputFolder, ...fault],
    env: {
      RUNLIGHT_TEMPORAL_ADDRESS: temporal,
      RUNLIGHT_TEMPORAL_NAMESPACE: namespace,
      RUNLIGHT_TEMPORAL_TASK_QUEUE: taskQueue,
      RUNLIGHT_RUN_PREFIX: runPrefix,
    },
    signal,
  })
  return (JSON.parse(answer) as { runId: string }).runId
}
