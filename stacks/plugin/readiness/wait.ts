import { setTimeout as delay } from 'node:timers/promises'
import type { Health } from '../inputs.ts'
import { askHttp } from './http.ts'
import { askKafka } from './kafka.ts'
import { askPostgres } from './postgres.ts'
import { askTemporal } from './temporal.ts'

const ATTEMPT_MS = 3_000
const PAUSE_MS = 150

export interface Wait {
  health: Health
  secrets: Readonly<Record<string, string>>
  limitSeconds: number
  /** Whether the process that is waited for still runs; there is no point in asking a dead one. */
  isAlive: () => boolean
  signal: AbortSignal
}

/**
 * Asks until the component says that it is ready.
 * @throws Error when it ended, or with its last answer when time is up
 */
export async function waitUntilReady({ health, secrets, limitSeconds, isAlive, signal }: Wait): Promise<void> {
  const end = Date.now() + limitSeconds * 1000
  let lastAnswer = 'it was not asked'
  while (Date.now() < end) {
    signal.throwIfAborted()
    if (!isAlive()) throw new Error('it ended before it was ready')
    try {
      await ask(health, secrets)
      // Another process may have answered in its place.
      if (isAlive()) return
    } catch (error) {
      lastAnswer = reasonOf(error)
    }
    await delay(PAUSE_MS)
  }
  throw new Error(`it was not ready within ${limitSeconds} s: ${lastAnswer}`)
}

async function ask(health: Health, secrets: Readonly<Record<string, string>>): Promise<void> {
  switch (health.kind) {
    case 'http':
      return askHttp(health.url, AbortSignal.timeout(ATTEMPT_MS))
    case 'kafka':
      return askKafka(health.broker, ATTEMPT_MS)
    case 'postgres':
      return askPostgres(health, secrets[health.passwordSecret] ?? '', ATTEMPT_MS)
    case 'temporal':
      return askTemporal(health.address, health.namespace, ATTEMPT_MS)
  }
}

/** fetch says only `fetch failed` and keeps the reason in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}` : message
}
