// Dead letters from Node and browsers.

import type {
  DeadLetterDetail,
  DeadLetterPage,
  DeadLetterSummary,
  ReplayPage,
  ReplayedLetter,
} from '@runlight/contracts/api-dead-letters'
import type { DeadLetterReason, DeadLetterState } from '@runlight/contracts/dead-letter'
import type { SinkName } from '@runlight/contracts/topics'
import { getJson, items, postJson } from './request.ts'
import type { ApiClientSettings, PageQuery } from './request.ts'

export interface DeadLetterFilter {
  sink?: SinkName
  reason?: DeadLetterReason
  /** Topic where the record first lay. */
  topic?: string
  state?: DeadLetterState
  /** RFC 3339, or a length of time before now such as `15m`. */
  since?: string
  until?: string
}

/** Refusals reject as with all methods of the client. */
export interface DeadLetterClient {
  deadLetters: (query?: DeadLetterFilter & PageQuery) => Promise<DeadLetterPage>
  allDeadLetters: (query?: DeadLetterFilter & PageQuery) => AsyncGenerator<DeadLetterSummary, void, undefined>
  deadLetter: (id: string) => Promise<DeadLetterDetail>
  /** Gives a record back to the sink that refused it; resolves once the bus has it. */
  replayDeadLetter: (id: string) => Promise<ReplayedLetter>
  /** The same for a page of those that the filter chooses, the latest first. */
  replayDeadLetters: (query?: DeadLetterFilter & PageQuery) => Promise<ReplayPage>
}

export function createDeadLetterClient(settings: ApiClientSettings): DeadLetterClient {
  const path = 'api/v1/dead-letters'
  const one = (id: string) => `${path}/${encodeURIComponent(id)}`
  const deadLetters: DeadLetterClient['deadLetters'] = (query = {}) => getJson(settings, path, query)
  return {
    deadLetters,
    allDeadLetters: (query) => items(query, deadLetters, (page) => page.deadLetters),
    deadLetter: (id) => getJson(settings, one(id), {}),
    replayDeadLetter: (id) => postJson(settings, `${one(id)}/replay`, {}),
    replayDeadLetters: (query = {}) => postJson(settings, `${path}/replay`, query),
  }
}
