// A value that is asked for from another service: one question at a time, its answer used for a short while.

/** What another service said, or why it could not be asked. */
export type Answer<T> = { ok: true; value: T } | { ok: false; reason: string }

export interface FreshSettings {
  /** How long an answer is used, in milliseconds. */
  ttlMs: number
  /** How long nobody asks again after a failure, in milliseconds. */
  retryAfterMs: number
}

/** Wraps a question so that callers within the time share one answer. Never rejects. */
export function fresh<T>({ ttlMs, retryAfterMs }: FreshSettings, ask: () => Promise<T>): () => Promise<Answer<T>> {
  let answer: Promise<Answer<T>> | undefined
  let until = 0
  return () => {
    if (answer && performance.now() < until) return answer
    until = Infinity
    answer = ask().then(
      (value): Answer<T> => {
        until = performance.now() + ttlMs
        return { ok: true, value }
      },
      (cause: unknown): Answer<T> => {
        until = performance.now() + retryAfterMs
        return { ok: false, reason: cause instanceof Error ? cause.message : String(cause) }
      },
    )
    return answer
  }
}
