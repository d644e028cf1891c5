// Can the API answer? Only the trace store is needed for that; what else is away is named, and marks answers degraded.

import type { Checks } from '@runlight/service/endpoints'
import { PATIENCE_MS } from './status/fresh.ts'
import { readPositions } from './store/positions.ts'
import type { StatusSources } from './status/read.ts'

export function readinessChecks({ database, bus, lokiHealth }: StatusSources): () => Promise<Checks> {
  return async () => {
    const [postgres, broker, loki] = await Promise.all([
      database.read(readPositions).then(
        () => ({ ok: true }),
        (cause: unknown) => ({ ok: false, detail: (cause as Error).message }),
      ),
      bus.lag(PATIENCE_MS),
      lokiHealth(),
    ])
    const optional = (away: string | undefined) =>
      away === undefined ? { ok: true } : { ok: true, detail: `${away}; answers are marked degraded` }
    return {
      postgres,
      bus: optional(broker.ok ? undefined : broker.reason),
      loki: optional(loki.ok ? undefined : loki.reason),
    }
  }
}
