// How far Loki's replays are settled: passed by its group, and every refusal that came of them stored.

import { fresh } from '../status/fresh.ts'
import type { Database } from '../store/database.ts'
import type { LetterBus } from './bus.ts'
import { readLetterPositions } from './store.ts'

/**
 * The first offset on Loki's replay topic whose fate is not known yet; `away`: why the bus could not be asked now, so
 * that it is what was known last. The group commits after a refusal is acknowledged as a dead letter; so what it has
 * passed was stored, or is among the dead letters that lay on their topic then, and counts once the Postgres bridge has
 * stored those.
 */
export type SettledReplays = () => Promise<{ lokiPassed: bigint; away?: string }>

export function settledReplays(bus: LetterBus, database: Database, deadLetterTopic: string): SettledReplays {
  let lokiPassed = 0n
  let pending: Awaited<ReturnType<LetterBus['progress']>> | undefined
  const look = async () => {
    pending ??= await bus.progress()
    const stored = await database.read((sql) => readLetterPositions(sql, deadLetterTopic))
    for (const [partition, end] of pending.letterEnds) if ((stored.get(partition) ?? 0n) < end) return
    lokiPassed = pending.lokiPassed
    pending = undefined
  }
  const ask = fresh({ ttlMs: 500, retryAfterMs: 2_000 }, async () => {
    const waiting = pending !== undefined
    await look()
    // That was about an earlier moment; now for this one.
    if (waiting && !pending) await look()
  })
  return async () => {
    const answer = await ask()
    return answer.ok ? { lokiPassed } : { lokiPassed, away: answer.reason }
  }
}
