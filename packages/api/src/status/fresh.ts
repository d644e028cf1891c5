// A value that is asked for from another service: one question at a time, its answer used for a short while.

/** What another service said, or why it could not be asked. */
export type Answer<T> = { ok: true; value: T } | { ok: false; reason: string }

/**
 * Asks, or gives the answer that there is. Who brings a patience, in milliseconds, waits no longer than that; the late
 * answer serves those who ask then. Never rejects.
 */
export type Ask<T> = (patienceMs?: number) => Promise<Answer<T>>

/** How long a request waits for a service that it can do without, in milliseconds. */
export const PATIENCE_MS = 1_000

export interface FreshSettings {
  /** Who is asked, as the reason for no answer says it. */
  whom?: string
  /** How long an answer is used, in milliseconds. */
  ttlMs: number
  /** How long nobody asks again after a failure, in milliseconds. */
  retryAfterMs: number
}

/** Wraps a question so that callers within the time share one answer. */
export function fresh<T>({ whom = 'It', ttlMs, retryAfterMs }: FreshSettings, ask: () => Promise<T>): Ask<T> {
  let answer: Promise<Answer<T>> | undefined
  let until = 0
  return (patienceMs) => {
    if (!answer || performance.now() >= until) {
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
    }
    if (patienceMs === undefined || until < Infinity) return answer
    return inTime(answer, patienceMs, `${whom} gave no answer within ${patienceMs} ms`)
  }
}

/** The answer if it comes within the time, in milliseconds; otherwise the reason why there is none. */
export async function inTime<T>(answer: Promise<Answer<T>>, ms: number, reason: string): Promise<Answer<T>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Answer<T>>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, reason }), ms)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
