// Plain HTTP questions to a component's own interface.

const ANSWER_MS = 5_000

/**
 * The answer, whatever its status is.
 * @throws Error with the reason where none comes in time
 */
export async function ask(
  address: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; ok: boolean; text: string }> {
  const over = AbortSignal.timeout(ANSWER_MS)
  try {
    const response = await fetch(address, { headers, signal: AbortSignal.any([signal, over]) })
    return { status: response.status, ok: response.ok, text: await response.text() }
  } catch (cause) {
    signal.throwIfAborted()
    if (over.aborted) throw new Error(`no answer within ${ANSWER_MS / 1_000} s`, { cause })
    // fetch hides what went wrong (ECONNREFUSED) in the cause of its error.
    const inner = (cause as Error).cause
    const shown = inner instanceof Error ? inner : (cause as Error)
    throw new Error(shown.message || ((shown as { code?: string }).code ?? shown.name), { cause })
  }
}

/**
 * The JSON of a good answer.
 * @throws Error where it is none
 */
export async function askJson<T>(
  address: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  const { ok, status, text } = await ask(address, signal, headers)
  if (!ok) throw new Error(`it answered ${status}: ${text.trim().slice(0, 200)}`)
  return JSON.parse(text) as T
}
