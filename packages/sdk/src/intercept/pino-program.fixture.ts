// A program that logs through pino's transport and ends without a word; intercept.stack.test.ts runs it.

import { pino } from 'pino'

const { brokers, lines, component } = JSON.parse(process.argv[2] ?? '') as {
  brokers: string[]
  lines: number
  component?: string
}

const log = pino({
  level: 'trace',
  messageKey: 'text',
  transport: {
    target: '@runlight/sdk/pino-transport',
    // No test is about how fast the machine is; pino itself waits for ten seconds.
    options: { brokers, flushTimeoutMs: 60_000, ...(component && { component }) },
  },
})
log.warn({ lines, password: 'hunter2' }, 'starting')
for (let line = 1; line <= lines; line++) log.info(`line ${line}`)
log.fatal(new Error('no more'))
