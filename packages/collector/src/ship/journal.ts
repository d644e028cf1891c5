// What the collector has to know after it was killed: how far each log is shipped, and what was on its way.
//
// A batch is written down, byte for byte, before it is sent; positions move on when the bus has acknowledged it. So a
// killed collector sends the same records again, under the same identities, however differently it would cut the lines
// into records a second time.

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LeftOut } from '../records/limit.ts'
import type { Position } from '../source/line-source.ts'

/** How far the log of a component is shipped. */
export interface Progress {
  /** Identity of the records of this component; with `seq` it is that of one record. */
  producerId: string
  /** Sequence number of the last record. */
  seq: number
  position: Position | undefined
  leftOut?: LeftOut
}

export interface Message {
  /** The component. */
  key: string
  value: string
}

/** A batch that may be on the bus, or not. */
export interface Pending {
  number: number
  messages: readonly Message[]
  /** Progress of the components that have records in it, once it is acknowledged. */
  after: Readonly<Record<string, Progress>>
}

interface State {
  version: 1
  /** Number of the last acknowledged batch. */
  number: number
  /** Which start of the machine this was written in: what was written before a crash of the machine may not be on disk. */
  bootId: string
  components: Readonly<Record<string, Progress>>
  /** Partition → offset from which on the next batch will be. */
  ends: Readonly<Record<string, string>>
}

const STATE = 'state.json'
const PENDING = 'pending.json'

export class Journal {
  readonly #folder: string
  #state: State
  /** A batch of which it is not known whether the bus has it; only directly after the start. */
  readonly unsettled: Pending | undefined

  private constructor(folder: string, state: State, unsettled: Pending | undefined) {
    this.#folder = folder
    this.#state = state
    this.unsettled = unsettled
  }

  /**
   * Opens the journal in a folder, or begins one.
   * @throws Error when the state is there and can't be read: to begin anew would ship everything again
   */
  static async open(folder: string, bootId: string): Promise<Journal> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const state = readJson<State>(join(folder, STATE)) ?? emptyState(bootId)
    const pending = readPending(join(folder, PENDING))
    const unsettled = pending && pending.number > state.number ? pending : undefined
    if (state.bootId === bootId) return new Journal(folder, state, unsettled)
    // After a crash of the machine an older state may be on disk than the bus has seen. New identities: what is shipped
    // again shows twice, instead of being taken for a repeat of something else.
    const components = Object.fromEntries(
      Object.entries(state.components).map(([name, progress]) => [name, { ...progress, ...freshIdentity(name) }]),
    )
    return new Journal(folder, { ...state, bootId, components }, unsettled)
  }

  /** Number of the last acknowledged batch. */
  get number(): number {
    return this.#state.number
  }

  /** Where a component's log goes on: behind the unsettled batch, which is settled before anything else is sent. */
  progress(component: string): Progress {
    const known = this.unsettled?.after[component] ?? this.#state.components[component]
    return known ?? { ...freshIdentity(component), position: undefined }
  }

  /** Where a batch that is sent next can begin at the earliest, by partition; empty before the bus was asked. */
  get ends(): ReadonlyMap<number, bigint> {
    return new Map(Object.entries(this.#state.ends).map(([partition, end]) => [Number(partition), BigInt(end)]))
  }

  /** Nothing is on its way, and the partitions end there. */
  async setEnds(ends: ReadonlyMap<number, bigint>): Promise<void> {
    await this.#write({ ...this.#state, ends: Object.fromEntries([...ends].map(([p, end]) => [p, String(end)])) })
  }

  /** Writes down where new logs begin. */
  async know(begun: Readonly<Record<string, Progress>>): Promise<void> {
    await this.#write({ ...this.#state, components: { ...this.#state.components, ...begun } })
  }

  /** Writes down what is about to be sent. */
  async begin(messages: readonly Message[], after: Pending['after']): Promise<Pending> {
    const pending: Pending = { number: this.#state.number + 1, messages, after }
    await this.#replace(PENDING, pending)
    return pending
  }

  /** The bus has acknowledged it. */
  async settle({ number, after }: Pending): Promise<void> {
    await this.#write({ ...this.#state, number, components: { ...this.#state.components, ...after } })
  }

  async #write(state: State): Promise<void> {
    this.#state = state
    await this.#replace(STATE, state)
  }

  async #replace(name: string, content: unknown): Promise<void> {
    const path = join(this.#folder, name)
    await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
}

function emptyState(bootId: string): State {
  return { version: 1, number: 0, bootId, components: {}, ends: {} }
}

function freshIdentity(component: string): Pick<Progress, 'producerId' | 'seq'> {
  return { producerId: `${randomUUID()}-${component}`, seq: 0 }
}

/** Half a batch on disk, after a crash of the machine, was not sent: it is sent only once it is written. */
function readPending(path: string): Pending | undefined {
  try {
    return readJson<Pending>(path)
  } catch {
    return undefined
  }
}

function readJson<T>(path: string): T | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new Error(`${path} is damaged. Remove it to begin anew: what the log files hold is then shipped again.`, {
      cause,
    })
  }
}
