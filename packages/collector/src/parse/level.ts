// The levels of others as ours.

import type { LogLevel } from '@runlight/contracts/log-entry'

const WORDS: Readonly<Record<string, LogLevel>> = {
  trace: 'debug',
  debug: 'debug',
  verbose: 'debug',
  info: 'info',
  notice: 'info',
  log: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  dpanic: 'error',
  panic: 'error',
  fatal: 'error',
  crit: 'error',
  critical: 'error',
}

/** A level by its name, in any case; undefined when it is none that is known. */
export function levelOf(word: string): LogLevel | undefined {
  return Object.hasOwn(WORDS, word.toLowerCase()) ? WORDS[word.toLowerCase()] : undefined
}

/** Pino's numbers (https://getpino.io/#/docs/api?id=logger-level): 10 trace to 60 fatal. */
export function levelOfNumber(level: number): LogLevel {
  if (level >= 50) return 'error'
  if (level >= 40) return 'warn'
  return level >= 30 ? 'info' : 'debug'
}
