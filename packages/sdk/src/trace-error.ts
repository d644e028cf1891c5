// What was thrown, as an event carries it.

import type { TraceError } from '@runlight/contracts/trace-event'

/** Anything can be thrown. `type` is the error's own name unless the caller knows a better one. */
export function toTraceError(thrown: unknown, { retryable, type }: { retryable: boolean; type?: string }): TraceError {
  if (!(thrown instanceof Error)) return { message: String(thrown), type: type ?? typeof thrown, retryable }
  const { name, message, stack } = thrown
  const ownType = name === 'Error' ? thrown.constructor.name : name
  return { message, type: type ?? ownType, retryable, ...(stack !== undefined && { stack }) }
}
