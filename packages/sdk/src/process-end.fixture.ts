// A program that logs and then has nothing left to do; process-end.stack.test.ts runs it.

import { openTelemetry } from './telemetry.ts'

const { brokers, lines, end, exitTimeoutMs } = JSON.parse(process.argv[2] ?? '') as {
  brokers: string[]
  lines: number
  /** How it ends: just so, after a close, or after everything has been taken (the connection is open and idle). */
  end: 'at once' | 'closed' | 'idle'
  exitTimeoutMs?: number
}

const telemetry = openTelemetry({ brokers, ...(exitTimeoutMs !== undefined && { exitTimeoutMs }) })
const context = telemetry.context({ runId: 'run-1', nodeRef: 'n' })
for (let line = 1; line <= lines; line++) context.logger.info(`line ${line}`)
if (end === 'closed') {
  context.completed()
  void context.close()
  console.log(`closed: ${await telemetry.close(60_000)}`)
}
if (end === 'idle') console.log(`flushed: ${await telemetry.logs.flush(60_000)}`)
