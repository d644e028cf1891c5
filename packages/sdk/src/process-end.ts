// What happens when the process ends by itself: it has nothing left to do, or it is told to end (SIGTERM).

import type { Publisher } from './publisher.ts'

interface Watched {
  publisher: Publisher
  /** What is queued could not be sent in time when the process was about to end. */
  gaveUp: boolean
}

const watched = new Set<Watched>()

/** Marks our listeners, also those of another copy of this module, which is what a dependency may bring. */
const OURS = Symbol.for('runlight.sdk.sigterm')
/** Copies of this module that are closing; the last one ends the process. */
const closing = ((globalThis as { [OURS]?: { count: number } })[OURS] ??= { count: 0 })

/** Sees to it that a publisher gets its chance before the process ends; gives the way to take it back. */
export function watchProcessEnd(publisher: Publisher): () => void {
  const entry: Watched = { publisher, gaveUp: false }
  if (watched.size === 0) process.on('beforeExit', beforeExit)
  watched.add(entry)
  if (publisher.settings.closeOnExit) listen()
  return () => {
    watched.delete(entry)
    if (watched.size === 0) process.off('beforeExit', beforeExit)
    if (!wantsSignal()) process.off('SIGTERM', terminate)
  }
}

/** The process has nothing left to do; what is open is closed and what is queued gets its chance, once. */
function beforeExit(): void {
  for (const entry of watched) {
    const { publisher } = entry
    const { closeOnExit, exitTimeoutMs } = publisher.settings
    if (entry.gaveUp || exitTimeoutMs === 0) continue
    if (!(closeOnExit ? publisher.busy : publisher.queued.records > 0)) continue
    const flushed = closeOnExit ? publisher.closeOpen(exitTimeoutMs) : publisher.flush(exitTimeoutMs)
    void flushed.then((done) => {
      entry.gaveUp = !done
    })
  }
}

/**
 * SIGTERM. A listener takes the signal's default away, so: where nobody else listens, what is open is closed and the
 * signal is given again, to end the process as it would have ended. Where somebody does, the end is theirs to bring
 * about, and what is queued is sent meanwhile.
 *
 * It runs before other listeners and leaves at once, so that those who count the listeners, to do the same as we do
 * here, don't find us (https://github.com/tapjs/signal-exit).
 */
function terminate(): void {
  process.off('SIGTERM', terminate)
  const entries = [...watched].filter(({ publisher }) => publisher.settings.closeOnExit)
  const others = process.listeners('SIGTERM').filter((listener) => !(OURS in listener))
  // The kernel has no default for the first process of a container.
  if (others.length > 0 || process.pid === 1) {
    for (const { publisher } of entries) void publisher.flush(Infinity)
    return
  }
  closing.count++
  const closed = entries.map(({ publisher }) => publisher.closeOpen(publisher.settings.exitTimeoutMs))
  void Promise.allSettled(closed).then(() => {
    closing.count--
    if (closing.count === 0 && process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM')
  })
}
Object.assign(terminate, { [OURS]: true })

function listen(): void {
  if (!process.listeners('SIGTERM').includes(terminate)) process.prependListener('SIGTERM', terminate)
}

function wantsSignal(): boolean {
  return [...watched].some(({ publisher }) => publisher.settings.closeOnExit)
}
