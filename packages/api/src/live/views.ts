// Views that readers share: those who want the same of a feed have the same one.

import type { Feed } from './feed.ts'
import type { View } from './selection.ts'

export interface SharedView {
  view: View
  /** Lets go of it; the last of its readers takes it away with what it keeps. Done once. */
  release: () => void
}

export class Views {
  readonly #kept = new Map<Feed, Map<string, { view: View; readers: number }>>()

  /** The view of those who want the same, which `key` says; `make` is asked by the first of them. */
  take(feed: Feed, key: string, make: () => View): SharedView {
    const ofFeed = this.#kept.get(feed) ?? new Map<string, { view: View; readers: number }>()
    const kept = ofFeed.get(key) ?? { view: make(), readers: 0 }
    kept.readers++
    this.#kept.set(feed, ofFeed)
    ofFeed.set(key, kept)
    const release = () => {
      // A feed that goes on for months has many readers, each with a `since` of its own.
      if (--kept.readers === 0) ofFeed.delete(key)
      if (ofFeed.size === 0) this.#kept.delete(feed)
    }
    return { view: kept.view, release }
  }
}
