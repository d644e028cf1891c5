// `runlight start` and `runlight cancel`.

import { readFileSync } from 'node:fs'
import type { Schema } from '@runlight/sdk/client/schema'
import { CommandError } from '../command-error.ts'
import type { Context } from '../context.ts'
import { watchRun } from './watch.ts'

export interface StartOptions {
  runId?: string
  /** JSON, or `@file`. */
  inputs?: string
  watch?: boolean
  json?: boolean
}

/**
 * Starts a run and prints its id; or watches it to its end.
 * @returns the exit code
 */
export async function startRun(context: Context, workflow: string | undefined, options: StartOptions): Promise<number> {
  const { runId, inputs, watch, json } = options
  const started = await context.api.startRun({
    // What there is to be started, the API knows.
    ...(workflow !== undefined && { workflowId: workflow as NonNullable<Schema<'StartRun'>['workflowId']> }),
    ...(runId !== undefined && { runId }),
    ...(inputs !== undefined && { inputs: parsed(inputs) }),
  })
  if (!watch || !json) await context.output.line(json ? JSON.stringify(started) : started.runId)
  return watch ? watchRun(context, started.runId, { ...(json && { json }) }) : 0
}

/** Asks a run to end; how it ends, `watch` and `status` tell. */
export async function cancelRun({ api, output }: Context, runId: string, { json }: { json?: boolean }): Promise<void> {
  const answer = await api.cancelRun(runId)
  await output.line(json ? JSON.stringify(answer) : `${runId} was asked to end; it is ${answer.status} so far.`)
}

function parsed(inputs: string): NonNullable<Schema<'StartRun'>['inputs']> {
  try {
    return JSON.parse(inputs.startsWith('@') ? readFileSync(inputs.slice(1), 'utf8') : inputs) as object
  } catch (cause) {
    throw new CommandError(`The inputs cannot be read: ${(cause as Error).message}. They are JSON, or @file.`, 2)
  }
}
