// `runlight watch RUN`: what happens in a run, as it happens; ends as the run does.

import type { StoredEvent } from '@runlight/contracts/api'
import type { StreamDone } from '@runlight/contracts/api-stream'
import type { ExecutionStatus, RunState } from '@runlight/contracts/execution-status'
import { sayWhenAway } from '../context.ts'
import type { Context } from '../context.ts'
import type { Output, Style } from '../output.ts'
import { whatIsOpen } from '../run-end.ts'
import { visible } from '../visible-text.ts'
import { paintState, runDuration, runProgress } from './format.ts'

/** Exit codes by how the run has ended. */
const EXIT_CODES: Readonly<Partial<Record<RunState, number>>> = {
  COMPLETED: 0,
  FAILED: 3,
  CANCELLED: 4,
  TERMINATED: 5,
  TIMED_OUT: 6,
}

const EVENT_LOOKS: Readonly<Record<string, readonly [mark: string, style: Style]>> = {
  NODE_STARTED: ['▶', 'cyan'],
  NODE_COMPLETED: ['✓', 'green'],
  NODE_FAILED: ['✗', 'red'],
  NODE_RETRYING: ['↻', 'yellow'],
  NODE_SKIPPED: ['–', 'gray'],
  RUN_STARTED: ['▶', 'cyan'],
  RUN_COMPLETED: ['✓', 'green'],
  RUN_FAILED: ['✗', 'red'],
  RUN_TIMED_OUT: ['✗', 'red'],
  RUN_CANCELLED: ['■', 'yellow'],
  RUN_TERMINATED: ['■', 'magenta'],
}

export interface WatchOptions {
  /** Every event as a JSON object a line, the status at last. */
  json?: boolean
}

/**
 * Prints a run's events until it has ended and everything of it has arrived; what has not in time, standard error tells.
 * @returns the exit code that tells how it has ended
 * @throws ApiProblem when there is no such run
 */
export async function watchRun(context: Context, runId: string, { json = false }: WatchOptions): Promise<number> {
  const { api, output } = context
  let last: ExecutionStatus | undefined
  let done: StreamDone | undefined
  const onState = sayWhenAway
  for await (const { event, data } of api.followRun(runId, { events: ['status', 'trace'], onState })) {
    if (event === 'trace') await printEvent(output, data, json)
    else if (event === 'status') last = data
    else if (event === 'done') done = data
  }
  const status = done?.status ?? last ?? (await api.status(runId))
  await output.line(json ? JSON.stringify(status) : ending(output, visible(status)))
  const open = done && whatIsOpen(done, `\`runlight watch ${visible(runId)}\` gives the events that have come since.`)
  if (open !== undefined) process.stderr.write(`${open}\n`)
  return EXIT_CODES[status.status] ?? 1
}

async function printEvent(output: Output, stored: StoredEvent, json: boolean): Promise<void> {
  if (json) return output.line(JSON.stringify(stored))
  const event = visible(stored)
  const look = EVENT_LOOKS[event.type]
  if (!look) return
  const [mark, style] = look
  const attempt = event.attempt > 1 ? `#${event.attempt}` : ''
  const what = event.nodeRef === undefined ? 'run' : `${event.nodeRef}${attempt}`
  const error = event.error ? `: ${event.error.message}` : ''
  const time = output.paint('gray', event.effectiveTs)
  await output.line(
    `${time} ${output.paint(style, mark)} ${what} ${event.type.replace(/^(?:NODE|RUN)_/, '').toLowerCase()}${error}`,
  )
}

function ending(output: Output, run: ExecutionStatus): string {
  const parts = [
    paintState(output, run.status),
    runDuration(run) && `after ${runDuration(run)}`,
    runProgress(run),
    run.failure && `${run.failure.nodeRef ?? 'run'}: ${run.failure.message}`,
  ]
  return parts.filter(Boolean).join(', ')
}
