// Iteration over the pages of a list.

export interface PageQuery {
  /** `nextCursor` of the page before. */
  cursor?: string
  /** Most items of a page, 1 to 1,000. */
  limit?: number
}

const LARGEST_PAGE = 1_000

/** The items of every page, in order. */
export async function* items<Q extends PageQuery, P extends { hasMore: boolean; nextCursor?: string }, T>(
  query: Q | undefined,
  read: (query: Q) => Promise<P>,
  of: (page: P) => readonly T[],
): AsyncGenerator<T, void, undefined> {
  let next = { limit: LARGEST_PAGE, ...query } as Q
  for (;;) {
    const page = await read(next)
    yield* of(page)
    if (!page.hasMore || page.nextCursor === undefined) return
    next = { ...next, cursor: page.nextCursor }
  }
}
