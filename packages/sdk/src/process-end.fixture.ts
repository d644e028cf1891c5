// A program that logs and then has nothing left to do; process-end.stack.test.ts runs it.

import { openTelemetry } from './telemetry.ts'

const { brokers, lines, end, exitTimeoutMs, closeOnExit, listeners } = JSON.parse(process.argv[2] ?? '') as {
  brokers: string[]
  lines: number
  /** How it ends: just so, after a close, or after everything has been taken (the connection is open and idle). */
  end: 'at once' | 'closed' | 'idle' | 'waits'
  exitTimeoutMs?: number
  closeOnExit?: boolean
  /** Who else listens to SIGTERM: an application that ends when it is done, or a library that ends the process at once. */
  listeners?: 'application' | 'library'
}

const telemetry = openTelemetry({
  brokers,
  ...(exitTimeoutMs !== undefined && { exitTimeoutMs }),
  ...(closeOnExit !== undefined && { closeOnExit }),
})
// Another instance in the same process.
const other = openTelemetry({
  brokers,
  clientId: 'other',
  // Never less patient than it is by default.
  exitTimeoutMs: Math.max(exitTimeoutMs ?? 0, 5_000),
  ...(closeOnExit !== undefined && { closeOnExit }),
})
other.component('other').logger.info('from the other instance')
const context = telemetry.context({ runId: 'run-1', nodeRef: 'n' })
for (let line = 1; line <= lines; line++) context.logger.info(`line ${line}`)
if (end === 'closed') {
  context.completed()
  void context.close()
  console.log(`closed: ${await telemetry.close(60_000)}`)
}
if (end === 'idle') console.log(`flushed: ${await telemetry.logs.flush(60_000)}`)
if (end === 'waits') {
  if (listeners === 'application') {
    process.once('SIGTERM', () => {
      context.logger.info('after the signal')
      process.exitCode = 5
      clearInterval(waiting)
    })
  }
  if (listeners === 'library') {
    // As the package signal-exit does it.
    const alone = (): void => {
      if (process.listenerCount('SIGTERM') > 1) return
      process.off('SIGTERM', alone)
      process.kill(process.pid, 'SIGTERM')
    }
    process.on('SIGTERM', alone)
  }
  const waiting = setInterval(() => undefined, 1_000)
  console.log('ready')
}
