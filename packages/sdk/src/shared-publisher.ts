// One publisher for all adapters of the process that have the same settings.

import { Publisher } from './publisher.ts'
import { completeSettings, sameSettings } from './settings.ts'
import type { BusSettings } from './settings.ts'

interface Shared {
  publisher: Publisher
  users: number
  /** What is queued could not be sent in time when the process was about to end. */
  gaveUp: boolean
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
  if (shared.size === 0) process.on('beforeExit', flushBeforeExit)
  const publisher = new Publisher(full)
  shared.add({ publisher, users: 1, gaveUp: false })
  return publisher
}

/** A user is done: what is queued on its topic is flushed. The last one closes the publisher itself. */
export async function closePublisher(publisher: Publisher, topic: string, timeoutMs: number): Promise<boolean> {
  const entry = [...shared].find((candidate) => candidate.publisher === publisher)
  if (!entry || --entry.users > 0) return publisher.flush(timeoutMs, topic)
  shared.delete(entry)
  if (shared.size === 0) process.off('beforeExit', flushBeforeExit)
  return publisher.close(timeoutMs)
}

/** The process has nothing left to do; what is still queued gets its chance, once. */
function flushBeforeExit(): void {
  for (const entry of shared) {
    const { publisher } = entry
    if (entry.gaveUp || publisher.queued.records === 0) continue
    void publisher.flush(publisher.settings.exitTimeoutMs).then((flushed) => {
      entry.gaveUp = !flushed
    })
  }
}
