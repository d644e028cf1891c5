// Lists of lines that have no order among each other, polled as one.

import type { PolledSource } from './live-place.ts'
import type { Schema } from './schema.ts'

type Line = Schema<'UnifiedLog'>

/** One list of the unified-logging addresses. */
export type UnifiedList = (query: { cursor?: string; limit?: number }) => Promise<Schema<'UnifiedLogPage'>>

/** Begins at `start`, or else at the end. Lines of one answer come by their times. */
export function pollLists(lists: readonly UnifiedList[]): PolledSource {
  const sources = lists.map((read) => new ListPlace(read))
  const source: PolledSource<Line> = {
    begin: async (from) => {
      if (from !== 'start') await Promise.all(sources.map((one) => one.goToEnd()))
    },
    lines: async ({ limit }) => {
      const pages = await Promise.all(sources.map((one) => one.next(limit)))
      // Only now: what one list has given is asked for again when another one could not be read.
      for (const { taken } of pages) taken()
      return {
        lines: pages.flatMap((page) => page.lines).sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp)),
        hasMore: pages.some((page) => page.hasMore),
      }
    },
    idOf: (line) => JSON.stringify(line),
  }
  return source as PolledSource
}

/** How far one list was read. */
class ListPlace {
  readonly #read: UnifiedList
  #cursor: string | undefined

  constructor(read: UnifiedList) {
    this.#read = read
  }

  async goToEnd(): Promise<void> {
    // A first page that fails moves the end no further.
    this.#cursor ??= (await this.#read({ cursor: 'end', limit: 1 })).next_cursor
  }

  /** The next page; `taken` moves the place behind it. */
  async next(limit: number): Promise<{ lines: Line[]; hasMore: boolean; taken: () => void }> {
    const page = await this.#read({ limit, ...(this.#cursor !== undefined && { cursor: this.#cursor }) })
    return {
      lines: page.logs,
      hasMore: page.has_more,
      taken: () => {
        this.#cursor = page.next_cursor ?? this.#cursor
      },
    }
  }
}
