// Telling a mistake of our own code from a store that is away.

const BUILT_IN = [TypeError, RangeError, ReferenceError, SyntaxError, URIError, EvalError]

/** Of errors that are not one of the language's own: the text or the statement could not be made. */
const CODES: ReadonlySet<unknown> = new Set(['ERR_STRING_TOO_LONG', 'UNDEFINED_VALUE', 'MAX_PARAMETERS_EXCEEDED'])

/**
 * Does it look like a mistake of our own code, which no repeat mends: one of the language's own errors? A store's answer
 * and a lost connection never are one; a driver may still throw such an error over a lost connection, so whoever takes it
 * for the record's fault makes sure that it comes again while the store answers.
 */
export function isOwnFault(cause: unknown): cause is Error {
  if (!(cause instanceof Error)) return false
  return BUILT_IN.some((own) => cause instanceof own) || CODES.has((cause as { code?: unknown }).code)
}
