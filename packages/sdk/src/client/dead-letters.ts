// Dead letters from Node and browsers.

import { items } from './pages.ts'
import type { Requests } from './request.ts'
import type { Query, Schema } from './schema.ts'

type DeadLetterQuery = Query<'listDeadLetters'>
export type DeadLetterFilter = Omit<DeadLetterQuery, 'cursor' | 'limit'>

/** Refusals reject as with all methods of the client. */
export interface DeadLetterClient {
  deadLetters: (query?: DeadLetterQuery) => Promise<Schema<'DeadLetterPage'>>
  allDeadLetters: (query?: DeadLetterQuery) => AsyncGenerator<Schema<'DeadLetterSummary'>, void, undefined>
  deadLetter: (id: string) => Promise<Schema<'DeadLetterDetail'>>
  /** Gives a record back to the sink that refused it; resolves once the bus has it. */
  replayDeadLetter: (id: string) => Promise<Schema<'ReplayedLetter'>>
  /** The same for a page of those that the filter chooses, the latest first. */
  replayDeadLetters: (query?: Query<'replayDeadLetters'>) => Promise<Schema<'ReplayPage'>>
}

export function createDeadLetterClient({ ask }: Requests): DeadLetterClient {
  const deadLetters: DeadLetterClient['deadLetters'] = (query = {}) =>
    ask((api, init) => api.GET('/api/v1/dead-letters', { params: { query }, ...init }))
  return {
    deadLetters,
    allDeadLetters: (query) => items(query, deadLetters, (page) => page.deadLetters),
    deadLetter: (id) => ask((api, init) => api.GET('/api/v1/dead-letters/{id}', { params: { path: { id } }, ...init })),
    replayDeadLetter: (id) =>
      ask((api, init) => api.POST('/api/v1/dead-letters/{id}/replay', { params: { path: { id } }, ...init })),
    replayDeadLetters: (query = {}) =>
      ask((api, init) => api.POST('/api/v1/dead-letters/replay', { params: { query }, ...init })),
  }
}
