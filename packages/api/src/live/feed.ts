// What is followed: the latest lines and events of one run, or the latest lines of all components, or of everybody.

import type { Json } from '../http/json.ts'
import type { StoredEvent } from '@runlight/contracts/api'
import type { StoredLine } from '../store/log-lines.ts'
import type { LogScope } from '../store/scope.ts'
import { Bell } from './bell.ts'
import type { Place } from './place.ts'
import { Ring } from './ring.ts'
import type { RingLimit } from './ring.ts'

export type LiveItem =
  | { kind: 'log'; partition: number; offset: bigint; bytes: number; line: StoredLine }
  | { kind: 'trace'; sequence: bigint; bytes: number; json: Json<StoredEvent> }

/** Everybody who follows a scope of the same name is served by one feed: what they want of its lines is their own filter. */
export function feedName(scope: LogScope): string {
  return scope.kind === 'run' ? `run ${scope.runId}` : scope.kind
}

export class Feed {
  readonly name: string
  readonly scope: LogScope
  readonly ring: Ring<LiveItem>
  /** Rings when there is anything new: items, a status, the end. */
  readonly news = new Bell()
  /** How many follow it now. */
  followers = 0
  /** How far the topics of lines and of events were stored when it had last read all of them. */
  linesMark = ''
  eventsMark = ''
  /** How many lines of a partition the store is asked for at once, as far as their size has shown. */
  linesAtOnce = Number.MAX_SAFE_INTEGER
  /** JSON of the latest status; replaced as a whole. */
  status: string | undefined
  /** JSON of the end, once everything before it is in the ring. */
  done: string | undefined
  /** Why it cannot be followed any longer. */
  broken: Error | undefined

  constructor(scope: LogScope, start: Place, limit: RingLimit) {
    this.name = feedName(scope)
    this.scope = scope
    this.ring = new Ring(start, limit)
  }

  get runId(): string | undefined {
    return this.scope.kind === 'run' ? this.scope.runId : undefined
  }

  push(items: readonly LiveItem[], after: Place): void {
    this.ring.push(items, after)
    if (items.length > 0) this.news.ring()
  }

  setStatus(json: string): void {
    if (json === this.status) return
    this.status = json
    this.news.ring()
  }

  finish(json: string): void {
    this.done = json
    this.news.ring()
  }

  break(cause: Error): void {
    this.broken = cause
    this.news.ring()
  }
}

/** What keeping an item costs, about: its JSON, and the objects around it. */
export function lineItem(line: StoredLine): LiveItem {
  const { partition, offset } = line.key
  return { kind: 'log', partition, offset, bytes: line.json.length + 500, line }
}

export function eventItem(sequence: bigint, json: Json<StoredEvent>): LiveItem {
  return { kind: 'trace', sequence, bytes: json.length + 200, json }
}
