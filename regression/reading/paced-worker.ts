// A worker that says its lines at a steady pace, through the kit's own client.

import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTelemetry } from '@runlight/sdk/telemetry'

export interface PacedWorker {
  brokers: string[]
  runId: string
  lines: number
  linesPerSecond: number
}

export const NODE = 'build'

/** Logs numbered lines of one attempt, completes it, and closes. Resolves when everything is acknowledged. */
export async function logAtPace({ brokers, runId, lines, linesPerSecond }: PacedWorker): Promise<void> {
  const telemetry = openTelemetry({ brokers, limits: false, closeOnExit: false })
  const context = telemetry.context({ runId, nodeRef: NODE })
  context.started()
  const begun = performance.now()
  for (let line = 0; line < lines;) {
    const due = Math.min(lines, Math.ceil(((performance.now() - begun) * linesPerSecond) / 1000))
    for (; line < due; line++) context.logger.info(String(line))
    await sleep(5)
  }
  context.completed()
  const closed = (await context.close(120_000)) && (await telemetry.close(120_000))
  if (!closed) throw new Error('The bus has not acknowledged everything that the worker said.')
}
