// `runlight status RUN`

import type { StoreCompleteness } from '@runlight/contracts/execution-status'
import type { Context } from '../context.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible-text.ts'
import { paintCompleteness, paintState, runDuration, runProgress } from './format.ts'

/** Prints how a run stands. */
export async function showStatus({ api, output }: Context, runId: string, options: { json?: boolean }): Promise<void> {
  const found = await api.status(runId)
  if (options.json) return output.line(JSON.stringify(found, undefined, 2))
  const run = visible(found)
  const rows: [string, string | undefined][] = [
    ['run', run.runId],
    ['workflow', run.workflowId],
    ['status', paintState(output, run.status)],
    ['execution', run.execution > 1 ? String(run.execution) : undefined],
    ['parent', run.parentRunId],
    ['started', run.startedAt],
    ['ended', run.completedAt],
    ['duration', runDuration(run) || undefined],
    ['progress', runProgress(run) || undefined],
    ['failure', run.failure && failureText(run.failure)],
    ...Object.entries(run.telemetry).map(([store, telemetry]): [string, string] => [
      store,
      completenessText(output, telemetry),
    ]),
    ...(run.degraded ?? []).map(({ component, reason }): [string, string] => [
      'degraded',
      `${component}: ${output.paint('yellow', reason)}`,
    ]),
  ]
  for (const [name, value] of rows) {
    if (value !== undefined) await output.line(`${output.paint('gray', name.padEnd(10))}${value}`)
  }
}

function failureText({ reason, message, nodeRef }: { reason: string; message: string; nodeRef?: string }): string {
  return `${nodeRef === undefined ? '' : `${nodeRef}: `}${reason}: ${message}`
}

function completenessText(output: Output, { state, dropped, missing, unclosed }: StoreCompleteness): string {
  const missingRecords = missing.flatMap(({ ranges }) => ranges).reduce((sum, { from, to }) => sum + to - from + 1, 0)
  const parts = [
    paintCompleteness(output, state),
    dropped > 0 ? `${dropped} dropped by policy` : '',
    missingRecords > 0 ? `${missingRecords} missing` : '',
    ...unclosed.map(
      ({ nodeRef, attempt, knownUpTo }) => `${nodeRef}#${attempt} has not closed (known up to ${knownUpTo})`,
    ),
  ]
  return parts.filter(Boolean).join(', ')
}
