// What is followed, where, and how far a reader has come.

import type { StreamEventName } from '@runlight/contracts/api-stream'
import type { ApiClientSettings } from './request.ts'
import type { Schema } from './schema.ts'

export interface LiveEvent {
  event: Exclude<StreamEventName, 'gap' | 'problem'>
  data: unknown
}

/** `waiting`: the API does not answer, for the reason that is told; what it says meanwhile is not lost. */
export type LiveState = 'streaming' | 'polling' | 'waiting'

/** Where the same is read page by page, when it cannot be streamed. */
export interface PolledSource<Line = unknown> {
  lines: (query: PollQuery) => Promise<{ lines: readonly Line[]; hasMore: boolean; nextCursor?: string }>
  /** What makes a line itself. */
  idOf: (line: Line) => string
  /**
   * Given by a source that keeps its own place, which means nothing to the stream: it finds the place to begin at. Such
   * a source is used only before anything was streamed, and from then on.
   */
  begin?: (from: string) => Promise<void>
  /** Of a run only. */
  status?: () => Promise<Schema<'ExecutionStatus'>>
  events?: (query: { cursor?: string; limit: number }) => Promise<Schema<'TracePage'>>
}

export interface PollQuery {
  /** `end`: behind everything that is there. */
  cursor?: string
  limit: number
  direction: 'forward' | 'backward'
}

export interface LiveQuery extends Pick<ApiClientSettings, 'baseUrl' | 'fetch' | 'streamTimeoutMs'> {
  /** Path of the stream, relative to the API's address. */
  path: string
  /** Parameters of the stream, besides `from`. */
  query: Readonly<Record<string, string | number | readonly string[] | undefined>>
  /** Where it begins: `start`, `end`, `-100` for the last 100 lines, or a cursor. */
  from: string
  /** If not given, a stream that is not let through is tried again and again. */
  poll?: PolledSource
  /** Told when it changes. */
  onState?: (state: LiveState, reason: string) => void
  /** Ends it with its reason. */
  signal?: AbortSignal
}

/** How far one reader has come; the stream and the polling go on from each other's places. */
export interface Place {
  from: string
  /** Of the last line or event that was given; instead of `from`. */
  cursor: string | undefined
  /** `sequence` of the last event that was given. */
  sequence: number
  /** Lines with which polling began that may come again behind its cursor. */
  given: ReadonlySet<string>
}

export function placeAt(from: string): Place {
  return { from, cursor: undefined, sequence: 0, given: new Set() }
}
