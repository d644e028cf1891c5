// How far Loki is settled: passed by its group, and every refusal that came of it stored.

import { PATIENCE_MS, fresh } from '../status/fresh.ts'
import type { Database } from '../store/database.ts'
import type { LetterBus, LokiPassed } from './bus.ts'
import { readLetterPositions } from './store.ts'

/** As it was known last; `logs` is undefined where it has never been known. */
export interface LokiSettled {
  logs: LokiPassed['logs'] | undefined
  replays: bigint
  /** Why it could not be asked now. */
  away?: string
}

/**
 * The first offsets on Loki's topics whose fate is not known yet. The group commits after a refusal is acknowledged as a
 * dead letter; so what it has passed was stored, or is among the dead letters that lay on their topic then, and counts
 * once the Postgres bridge has stored those. Takes its patience in milliseconds, `PATIENCE_MS` if not given; then what was
 * known last is told. Never rejects.
 */
export type SettledLoki = (patienceMs?: number) => Promise<LokiSettled>

export function settledLoki(bus: LetterBus, database: Database, deadLetterTopic: string): SettledLoki {
  let settled: LokiSettled = { logs: undefined, replays: 0n }
  let pending: Awaited<ReturnType<LetterBus['progress']>> | undefined
  const look = async () => {
    pending ??= await bus.progress()
    const stored = await database.read((sql) => readLetterPositions(sql, deadLetterTopic))
    for (const [partition, end] of pending.letterEnds) if ((stored.get(partition) ?? 0n) < end) return
    settled = pending.passed
    pending = undefined
  }
  const ask = fresh({ whom: 'The bus', ttlMs: 500, retryAfterMs: 2_000 }, async () => {
    const waiting = pending !== undefined
    await look()
    // That was about an earlier moment; now for this one.
    if (waiting && !pending) await look()
  })
  return async (patienceMs = PATIENCE_MS) => {
    const answer = await ask(patienceMs)
    return answer.ok ? settled : { ...settled, away: answer.reason }
  }
}
