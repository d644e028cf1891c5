// What the store announces, and whether it can be heard: a connection may be open, and deaf all the same.

import { performance } from 'node:perf_hooks'
import type { Log } from '@runlight/service/log'
import type { Listener } from './listener.ts'

export interface AnnouncementSettings {
  listen: (told: { wake: () => void; changed: (listening: boolean) => void }) => Listener
  /** Something was announced. */
  wake: () => void
  /** The connection was lost or made. */
  changed: () => void
  log: Log
}

/** News without an announcement for longer than this mean that none comes through, in milliseconds. */
const DEAF_MS = 3_000

export class Announcements {
  readonly #listener: Listener
  #announced = true
  /** What the last look found stored. */
  #stored: string | undefined
  /** Since when news have come without an announcement; undefined where the last were announced. */
  #silentSince: number | undefined

  constructor({ listen, wake, changed, log }: AnnouncementSettings) {
    this.#listener = listen({
      wake: () => {
        this.#announced = true
        this.#silentSince = undefined
        wake()
      },
      changed: (listening) => {
        log.info(
          listening
            ? 'Announcements of the trace store are heard: the live stream waits for them.'
            : 'Announcements of the trace store cannot be heard: the live stream polls.',
        )
        changed()
      },
    })
  }

  get areHeard(): boolean {
    return this.#listener.isListening
  }

  /**
   * Told of each look at the store. What is stored again and again without an announcement renews the connection.
   * @param stored how far the topics are stored, as a text that changes when they are stored further. What a reader who
   * has just come has not read yet is no sign of a deaf connection: it was announced long ago.
   */
  looked(stored: string): void {
    const news = this.#stored !== undefined && stored !== this.#stored
    this.#stored = stored
    if (news && !this.#announced) {
      this.#silentSince ??= performance.now()
      if (performance.now() - this.#silentSince > DEAF_MS) {
        this.#silentSince = undefined
        this.#listener.renew()
      }
    }
    this.#announced = false
  }

  close(): Promise<void> {
    return this.#listener.close()
  }
}
