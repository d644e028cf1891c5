// Completeness of a run's telemetry in one store, from what its producers said when they closed.

import { COMPLETENESS_STATES } from '@runlight/contracts/execution-status'
import type { CompletenessState, StoreCompleteness } from '@runlight/contracts/execution-status'
import type { SeqRange } from '@runlight/contracts/producer'
import type { ProducerClosedData, RunEndedData, TopicAccount } from '@runlight/contracts/trace-event'

/** One attempt of one node of one execution. */
export interface AttemptKey {
  execution: number
  nodeRef: string
  attempt: number
}

/** A PRODUCER_CLOSED event. A producer that is no attempt of a node has no nodeRef. */
export interface Close {
  execution: number
  nodeRef: string | undefined
  attempt: number
  data: ProducerClosedData
}

/** A run's last event in one execution; `attempts` is missing where it did not say which there were. */
export interface RunEnd {
  execution: number
  attempts: RunEndedData['attempts'] | undefined
  /** Temporal run that goes on in its place. */
  continuedBy: string | undefined
}

/** What is known of a run, whichever store is asked about. */
export interface RunAccount {
  /** Has the run ended, as far as anybody knows? */
  ended: boolean
  /** Has it ended so long ago that a producer that is still alive would have closed? */
  graceOver: boolean
  /** Highest execution of the run. */
  execution: number
  closes: readonly Close[]
  ends: readonly RunEnd[]
  /** Highest sequence number seen of attempts without a close, by `attemptName`. */
  knownUpTo: ReadonlyMap<string, number>
}

/** What a store says about the records of one topic. */
export interface StoreView {
  /** The topics that the store takes, by the name of their account in a close, with their name on the bus. */
  topics: Partial<Record<'logs' | 'events', string>>
  /** First offset of a partition that the store has not passed yet; undefined when that is not known. */
  passed: (topic: string, partition: number) => bigint | undefined
  /**
   * The ranges of sequence numbers that are really stored; undefined where the store can't be asked for them: then what
   * it has passed counts as stored.
   */
  stored?: (topic: string, producerId: string) => readonly Range[]
  /** The ranges that the store refused for good and does not hold; for one that can't be asked what it holds. */
  refused?: (topic: string, producerId: string) => readonly Range[]
}

/** Sequence numbers from `from` to `to`, both inclusive. */
export interface Range {
  from: bigint
  to: bigint
}

/** Most ranges that an answer lists; the state says `missing` however many there are. */
const MAX_LISTED_RANGES = 1_000

/** The name of an attempt in maps. */
export function attemptName({ execution, nodeRef, attempt }: AttemptKey): string {
  return `${execution}/${attempt}/${nodeRef}`
}

/** The attempts that the run's end names and that no close speaks for. */
export function unclosedAttempts({ closes, ends }: Pick<RunAccount, 'closes' | 'ends'>): AttemptKey[] {
  const closed = new Set(
    closes.flatMap(({ nodeRef, ...close }) => (nodeRef ? [attemptName({ ...close, nodeRef })] : [])),
  )
  const open = new Map<string, AttemptKey>()
  for (const { execution, attempts = [] } of ends) {
    for (const { nodeRef, attempt } of attempts) {
      const key = { execution, nodeRef, attempt }
      if (!closed.has(attemptName(key))) open.set(attemptName(key), key)
    }
  }
  return [...open.values()]
}

/**
 * How complete the run is in one store:
 * - `unknown`: an attempt that the run's end names has not closed, or the end did not say which attempts there were
 * - `missing`: the store has passed what a producer sent, and does not hold all of it
 * - `arriving`: the run has not ended, a close may still come, or the store has not passed everything that was sent
 * - `dropped`: everything that was sent is there; some was left out by policy before
 * - `complete`: everything is there
 */
export function storeCompleteness(run: RunAccount, store: StoreView): StoreCompleteness {
  const verdicts = run.closes.flatMap(({ data }) =>
    (['logs', 'events'] as const).flatMap((name) => {
      const topic = store.topics[name]
      return topic === undefined ? [] : [judgeAccount(data[name], topic, store)]
    }),
  )
  const unclosed = unclosedAttempts(run)
  const states: CompletenessState[] = verdicts.map((verdict) => verdict.state)
  states.push(rosterState(run, unclosed.length))
  return {
    state: COMPLETENESS_STATES.find((state) => states.includes(state)) ?? 'complete',
    dropped: verdicts.reduce((sum, verdict) => sum + verdict.dropped, 0),
    missing: limitRanges(verdicts.flatMap(({ missing }) => (missing.ranges.length > 0 ? [missing] : []))),
    unclosed: unclosed.map((key) => ({ ...key, knownUpTo: run.knownUpTo.get(attemptName(key)) ?? 0 })),
  }
}

function rosterState({ ended, graceOver, execution, ends }: RunAccount, unclosed: number): CompletenessState {
  const roster = ends.find((end) => end.execution === execution)
  if (!ended || !roster) return 'arriving'
  if (unclosed === 0 && ends.every((end) => end.attempts)) return 'complete'
  return graceOver ? 'unknown' : 'arriving'
}

interface Verdict {
  state: CompletenessState
  dropped: number
  missing: StoreCompleteness['missing'][number]
}

function judgeAccount(account: TopicAccount, topic: string, store: StoreView): Verdict {
  const dropped = normalise(account.dropped.map(range))
  const sent = subtract(account.lastSeq > 0 ? [{ from: 1n, to: BigInt(account.lastSeq) }] : [], dropped)
  const missing = store.stored
    ? subtract(sent, normalise(store.stored(topic, account.producerId)))
    : intersect(sent, normalise(store.refused?.(topic, account.producerId) ?? []))
  // What a rate limit left out was never numbered.
  const droppedCount = Number(dropped.reduce((sum, { from, to }) => sum + to - from + 1n, 0n)) + account.limited
  const verdict = (state: CompletenessState, ranges: readonly Range[] = []): Verdict => ({
    state,
    dropped: droppedCount,
    missing: { producerId: account.producerId, topic, ranges: ranges.map(seqRange) },
  })
  const there = droppedCount > 0 ? 'dropped' : 'complete'
  if (store.stored && missing.length === 0) return verdict(there)
  const passed = account.positions.map(({ partition, offset }) => {
    const next = store.passed(topic, partition)
    return next === undefined ? undefined : next > BigInt(offset)
  })
  if (passed.includes(undefined)) return verdict('unknown')
  if (passed.includes(false)) return verdict('arriving')
  return missing.length > 0 ? verdict('missing', missing) : verdict(there)
}

function limitRanges(missing: StoreCompleteness['missing']): StoreCompleteness['missing'] {
  let left = MAX_LISTED_RANGES
  return missing.flatMap((producer) => {
    const ranges = producer.ranges.slice(0, left)
    left -= ranges.length
    return ranges.length > 0 ? [{ ...producer, ranges }] : []
  })
}

function range({ from, to }: SeqRange): Range {
  return { from: BigInt(from), to: BigInt(to) }
}

function seqRange({ from, to }: Range): SeqRange {
  return { from: Number(from), to: Number(to) }
}

/** Sorts ranges and joins those that touch. */
function normalise(ranges: readonly Range[]): Range[] {
  const joined: Range[] = []
  for (const { from, to } of [...ranges].sort((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = joined.at(-1)
    if (to < from) continue
    if (!last || from > last.to + 1n) joined.push({ from, to })
    else if (to > last.to) last.to = to
  }
  return joined
}

/** What is in both; each sorted and without overlaps. */
function intersect(whole: readonly Range[], parts: readonly Range[]): Range[] {
  return subtract(whole, subtract(whole, parts))
}

/** What of `whole` is in none of `parts`; both sorted and without overlaps. */
function subtract(whole: readonly Range[], parts: readonly Range[]): Range[] {
  const left: Range[] = []
  let index = 0
  for (const { from, to } of whole) {
    let start = from
    while (index < parts.length && (parts[index] as Range).to < start) index++
    for (let at = index; at < parts.length && (parts[at] as Range).from <= to; at++) {
      const part = parts[at] as Range
      if (part.from > start) left.push({ from: start, to: part.from - 1n })
      if (part.to >= start) start = part.to + 1n
    }
    if (start <= to) left.push({ from: start, to })
  }
  return left
}
