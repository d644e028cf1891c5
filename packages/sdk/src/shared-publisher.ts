// One publisher for all adapters of the process that have the same settings.

import { watchProcessEnd } from './process-end.ts'
import { Publisher } from './publisher.ts'
import { completeSettings, sameSettings } from './settings.ts'
import type { BusSettings } from './settings.ts'

interface Shared {
  publisher: Publisher
  users: number
  unwatch: () => void
}

const shared = new Set<Shared>()

/**
 * The publisher for some settings; every call is one more user, who closes it once.
 * @throws RunlightError RL_CONFIG_INVALID
 */
export function openPublisher(settings: BusSettings): Publisher {
  const full = completeSettings(settings)
  for (const entry of shared) {
    if (!sameSettings(entry.publisher.settings, full)) continue
    entry.users++
    return entry.publisher
  }
  const publisher = new Publisher(full)
  shared.add({ publisher, users: 1, unwatch: watchProcessEnd(publisher) })
  return publisher
}

/** A user is done: what is queued on its topic is flushed. The last one closes the publisher itself. */
export async function closePublisher(publisher: Publisher, topic: string, timeoutMs: number): Promise<boolean> {
  const entry = [...shared].find((candidate) => candidate.publisher === publisher)
  if (!entry || --entry.users > 0) return publisher.flush(timeoutMs, topic)
  shared.delete(entry)
  entry.unwatch()
  return publisher.close(timeoutMs)
}
