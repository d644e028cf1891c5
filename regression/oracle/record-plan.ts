// Who makes which record: runs side by side, in each one node after the other, some of them tried twice.

import type { LogEntry } from '@runlight/contracts/log-entry'
import type { RunGraph, TraceEvent, TraceEventType } from '@runlight/contracts/trace-event'
import { TRACE_EVENT_TYPES } from '@runlight/contracts/trace-event'
import { Random } from './random.ts'

export interface PlannedProducer {
  kind: 'logs' | 'events'
  id: string
  /** Digits of a second that its clock knows. */
  precision: 3 | 6 | 9
  orgId?: string
  workflowId?: string
  runId?: string
  nodeRef?: string
  attempt?: number
  component?: string
  /** The fields of its records that say whose they are. */
  place: Readonly<
    Partial<Pick<LogEntry, 'orgId' | 'workflowId' | 'runId' | 'execution' | 'nodeRef' | 'attempt' | 'component'>>
  >
}

export interface PlannedRun {
  runId: string
  orgId: string | undefined
  graph: RunGraph
  /** As the stores should tell it once everything is stored; a run that the last record cut off goes on. */
  status: 'RUNNING' | 'COMPLETED' | 'FAILED'
  events: number
  completedNodes: number
}

export interface RecordPlan {
  producers: readonly PlannedProducer[]
  runs: ReadonlyMap<string, PlannedRun>
  producerOf: (number: number) => PlannedProducer
  seqOf: (number: number) => number
  eventOf: (number: number) => Pick<TraceEvent, 'type' | 'data'>
  /** @param identity `<kind>:<producer id>` */
  numberOf: (identity: string, seq: number) => number | undefined
}

const RUNS_SIDE_BY_SIDE = 24
const COMPONENTS = ['worker-1', 'worker-2']
const ORGS = ['acme', 'globex', undefined]

/** Plans records 0 to `records` - 1. What is kept is some twenty bytes for each. */
export function planRecords(seed: number, records: number): RecordPlan {
  const random = new Random(seed)
  const book = new Book(records)
  const components = COMPONENTS.map((component) =>
    book.producer({ kind: 'logs', id: `${component}-${seed}`, precision: 9, component: `${component}-${seed}` }),
  )
  let begun = 0
  const begin = () => liveRun(random, book, `run-${seed}-${String(begun++).padStart(5, '0')}`, records)
  const live = Array.from({ length: RUNS_SIDE_BY_SIDE }, begin)
  let at = 0
  while (book.written < records) {
    // Bursts: mostly the one that spoke goes on speaking.
    if (random.chance(0.5)) at = random.below(live.length)
    if (random.chance(0.01)) book.write(random.pick(components))
    else if ((live[at] as Iterator<void>).next().done) live[at] = begin()
  }
  return book.plan()
}

/** Writes one record at each step. */
function* liveRun(random: Random, book: Book, runId: string, records: number): Generator<void> {
  const orgId = random.pick(ORGS)
  const precision = random.pick([3, 6, 9] as const)
  const nodes = Array.from({ length: random.between(1, 5) }, (_, index) => `node ${index}/ü`)
  const graph = { nodes: nodes.map((ref, index) => ({ ref, after: nodes.slice(Math.max(0, index - 1), index) })) }
  const place = {
    runId,
    workflowId: `workflow-${random.below(3)}`,
    precision,
    ...(orgId === undefined ? {} : { orgId }),
  }
  const run: PlannedRun = { runId, orgId, graph, status: 'RUNNING', events: 0, completedNodes: 0 }
  book.runs.set(runId, run)
  const observer = book.producer({ ...place, kind: 'events', id: `${runId}/observer` })
  const job = book.producer({ ...place, kind: 'logs', id: `${runId}/job` })
  const event = (producer: number, type: TraceEventType) => {
    if (book.write(producer, type)) run.events += 1
  }
  event(observer, 'RUN_STARTED')
  yield
  const lines = Math.max(4, Math.min(random.between(100, 4_000), records / 60))
  for (const nodeRef of nodes) {
    for (let attempt = 1; ; attempt++) {
      const own = { ...place, nodeRef, attempt }
      const log = book.producer({ ...own, kind: 'logs', id: `${runId}/${nodeRef}/${attempt}` })
      const trace = book.producer({ ...own, kind: 'events', id: `${runId}/${nodeRef}/${attempt}` })
      event(trace, 'NODE_STARTED')
      yield
      for (let line = 0; line < lines; line++) {
        const kind = random.below(100)
        if (kind < 2) event(trace, 'NODE_PROGRESS')
        else book.write(kind < 7 ? job : log)
        yield
      }
      const failed = attempt === 1 && random.chance(0.2)
      const written = book.written < records
      event(trace, failed ? 'NODE_FAILED' : 'NODE_COMPLETED')
      if (!failed && written) run.completedNodes += 1
      yield
      if (!failed) break
    }
  }
  const end = random.chance(0.9) ? 'COMPLETED' : 'FAILED'
  const written = book.written < records
  event(observer, `RUN_${end}`)
  if (written) run.status = end
}

class Book {
  readonly runs = new Map<string, PlannedRun>()
  written = 0
  readonly #producers: PlannedProducer[] = []
  readonly #counts: number[] = []
  readonly #producerOf: Uint32Array
  readonly #seqOf: Uint32Array
  readonly #typeOf: Uint8Array

  constructor(records: number) {
    this.#producerOf = new Uint32Array(records)
    this.#seqOf = new Uint32Array(records)
    this.#typeOf = new Uint8Array(records)
  }

  producer(planned: Omit<PlannedProducer, 'place'>): number {
    const { orgId, workflowId, runId, nodeRef, attempt, component } = planned
    const place = {
      ...(orgId === undefined ? {} : { orgId }),
      ...(workflowId === undefined ? {} : { workflowId }),
      ...(runId === undefined ? {} : { runId, execution: 1 }),
      ...(nodeRef === undefined ? {} : { nodeRef }),
      ...(attempt === undefined ? {} : { attempt }),
      ...(component === undefined ? {} : { component }),
    }
    this.#counts.push(0)
    return this.#producers.push({ ...planned, place }) - 1
  }

  /** The next record; false when there were enough already. */
  write(producer: number, type?: TraceEventType): boolean {
    if (this.written === this.#producerOf.length) return false
    const seq = (this.#counts[producer] as number) + 1
    this.#counts[producer] = seq
    this.#producerOf[this.written] = producer
    this.#seqOf[this.written] = seq
    if (type) this.#typeOf[this.written] = TRACE_EVENT_TYPES.indexOf(type)
    this.written += 1
    return true
  }

  plan(): RecordPlan {
    const starts: number[] = []
    let start = 0
    for (const count of this.#counts) {
      starts.push(start)
      start += count
    }
    const numbers = new Uint32Array(this.written)
    for (let number = 0; number < this.written; number++) {
      const producer = this.#producerOf[number] as number
      numbers[(starts[producer] as number) + (this.#seqOf[number] as number) - 1] = number
    }
    const byIdentity = new Map(this.#producers.map(({ kind, id }, index) => [`${kind}:${id}`, index]))
    const producerOf = (number: number) => this.#producers[this.#producerOf[number] as number] as PlannedProducer
    return {
      producers: this.#producers,
      runs: this.runs,
      producerOf,
      seqOf: (number) => this.#seqOf[number] as number,
      eventOf: (number) => {
        const type = TRACE_EVENT_TYPES[this.#typeOf[number] as number] as TraceEventType
        if (type !== 'RUN_STARTED') return { type }
        return { type, data: { graph: this.runs.get(producerOf(number).runId ?? '')?.graph } }
      },
      numberOf: (identity, seq) => {
        const producer = byIdentity.get(identity)
        if (producer === undefined || seq < 1 || seq > (this.#counts[producer] as number)) return undefined
        return numbers[(starts[producer] as number) + seq - 1]
      },
    }
  }
}
