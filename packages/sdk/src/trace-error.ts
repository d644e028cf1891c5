// What was thrown, as an event carries it.

import type { TraceError } from '@runlight/contracts/trace-event'
import { safeText } from './json.ts'

/** Anything can be thrown. `type` is the error's own name unless the caller knows a better one. */
export function toTraceError(thrown: unknown, { retryable, type }: { retryable: boolean; type?: string }): TraceError {
  try {
    if (!(thrown instanceof Error)) return { message: safeText(thrown), type: type ?? typeof thrown, retryable }
    const { name, message, stack } = thrown
    const ownType = name === 'Error' ? thrown.constructor.name : name
    const told = { message: safeText(message), type: safeText(type ?? ownType), retryable }
    return stack === undefined ? told : { ...told, stack: safeText(stack) }
  } catch {
    // A getter or a proxy that throws.
    return { message: '[not readable]', type: type ?? typeof thrown, retryable }
  }
}
