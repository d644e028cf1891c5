// A set of events without repeats, in an order that does not depend on how they arrived.

import type { StoredEvent } from '@runlight/contracts/api'
import { compareInstants, parseInstant } from '@runlight/contracts/time'
import { causeKey } from '@runlight/contracts/trace-event'
import type { TraceEvent, TraceEventType } from '@runlight/contracts/trace-event'

/** Events as they are on the bus or as a store gives them back. */
export type RunEvent = TraceEvent | StoredEvent

/** Events of one execution of a run, found by what they are about. */
export interface EventSet {
  execution: number
  /** In stable order. */
  events: RunEvent[]
  /** Those of one node, in the same order. */
  ofNode: (nodeRef: string) => readonly RunEvent[]
  /** The event of a key (`execution/nodeRef/attempt/type`); of several, the first in stable order. */
  find: (type: TraceEventType, nodeRef?: string, attempt?: number) => RunEvent | undefined
}

/** Groups events by execution, in ascending order; each identity once. */
export function byExecution(events: readonly RunEvent[]): EventSet[] {
  const groups = new Map<number, RunEvent[]>()
  for (const event of distinct(events)) {
    const group = groups.get(event.execution)
    if (group) group.push(event)
    else groups.set(event.execution, [event])
  }
  return [...groups].sort(([a], [b]) => a - b).map(([execution, group]) => eventSet(execution, group))
}

function eventSet(execution: number, events: RunEvent[]): EventSet {
  const byKey = new Map<string, RunEvent>()
  const byNode = new Map<string, RunEvent[]>()
  for (const event of events) {
    const key = causeKey(event)
    if (!byKey.has(key)) byKey.set(key, event)
    if (event.nodeRef === undefined) continue
    const node = byNode.get(event.nodeRef)
    if (node) node.push(event)
    else byNode.set(event.nodeRef, [event])
  }
  const find: EventSet['find'] = (type, nodeRef, attempt = 1) =>
    byKey.get(causeKey({ execution, attempt, type, ...(nodeRef === undefined ? {} : { nodeRef }) }))
  return { execution, events, find, ofNode: (nodeRef) => byNode.get(nodeRef) ?? [] }
}

/**
 * One event for each identity, in stable order: what was seen in time before what was seen late (the observer's word
 * for attempts whose own time is lost), then by time, producer, sequence number and, last, content. An event without
 * an identity is known by its content.
 */
function distinct(events: readonly RunEvent[]): RunEvent[] {
  const seen = new Set<string>()
  return [...events].sort(compareEvents).filter((event) => {
    const { producer } = event
    const identity = producer ? `${producer.seq}@${producer.id}` : contentOf(event)
    if (seen.has(identity)) return false
    seen.add(identity)
    return true
  })
}

function compareEvents(a: RunEvent, b: RunEvent): number {
  return (
    Number(a.data?.['seen'] === 'late') - Number(b.data?.['seen'] === 'late') ||
    compareTimes(a.timestamp, b.timestamp) ||
    compareTexts(a.producer?.id ?? '', b.producer?.id ?? '') ||
    (a.producer?.seq ?? 0) - (b.producer?.seq ?? 0) ||
    compareTexts(contentOf(a), contentOf(b))
  )
}

/** The event without what its store added, which tells of its arrival. */
function contentOf(event: RunEvent): string {
  const { id: _id, sequence: _sequence, effectiveTs: _effectiveTs, ...content } = event as StoredEvent
  return JSON.stringify(Object.entries(content).sort(([a], [b]) => compareTexts(a, b)))
}

function compareTimes(a: string, b: string): number {
  if (a === b) return 0
  const [first, second] = [parseInstant(a), parseInstant(b)]
  return first && second ? compareInstants(first, second) : compareTexts(a, b)
}

/** By UTF-16 code units, so that the order is the same in every locale. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
