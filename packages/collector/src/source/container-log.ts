// What the containers of one tag say, followed in the engine's own files: over the engine's rotation, and from one
// container to the one that was made in its place.

import type { Container, ContainerFolder } from './container-folder.ts'
import { EngineLines } from './engine-lines.ts'
import type { ContainerPosition, FilePosition, LineSource, Reading, SourceLine } from './line-source.ts'
import { livesOf, NO_HEAD } from './lives.ts'
import { LogFile } from './log-file.ts'

/** Two containers of one tag are there together only where somebody has renamed the first: it is left when it is quiet. */
const QUIET_MS = 2_000
/** What a container says between two looks and its removal is read to its end; what it says in a longer time may be rotated. */
const LONG_MS = 5_000
/** Containers that are remembered as finished; their folders are gone long before. */
const MAX_PAST = 50

type Line = SourceLine<ContainerPosition>

const NOWHERE: FilePosition = { inode: '', head: NO_HEAD, offset: 0, past: [] }

export interface ContainerLogSettings {
  folder: ContainerFolder
  /** What the log driver writes into each line of these containers, and of no others. */
  tag: string
  /** Where to go on; undefined for a log that is new to the collector: the newest file of the newest container. */
  from: ContainerPosition | undefined
}

/** The container that is being read. */
interface Current {
  id: string
  file: LogFile
  lines: EngineLines
  /** Behind the last line that was read of its files. */
  read: FilePosition
  /** Of performance.now(). */
  grewAt: number
  lookedAt: number
}

export class ContainerLog implements LineSource<ContainerPosition> {
  readonly #folder: ContainerFolder
  readonly #tag: string
  #position: ContainerPosition | undefined
  #current: Current | undefined
  #lost: Reading['lost']

  constructor({ folder, tag, from }: ContainerLogSettings) {
    this.#folder = folder
    this.#tag = tag
    this.#position = from
  }

  async begin(): Promise<ContainerPosition> {
    if (this.#position) return this.#position
    const writers = await this.#folder.writersOf(this.#tag)
    const newest = writers.at(-1)
    const past = writers.slice(0, -1).map(({ id }) => id)
    if (!newest) return (this.#position = { container: '', file: NOWHERE, skip: 0, past })
    const file = logFile(newest, undefined)
    const position = { container: newest.id, file: await file.begin(), skip: 0, past }
    this.#current = reading(newest.id, file, position)
    return (this.#position = position)
  }

  async read(limit: number): Promise<Reading<ContainerPosition>> {
    await this.begin()
    const lines: Line[] = []
    // Who is there is asked first: one that is gone now says nothing more.
    const writers = await this.#folder.writersOf(this.#tag)
    let atEnd = !(await this.#openFrom(writers))
    const current = this.#current
    if (current) {
      atEnd = await this.#readOn(current, limit, lines)
      if (atEnd && (await this.#leave(current, writers, lines))) atEnd = false
      current.lookedAt = performance.now()
    }
    const lost = this.#lost
    this.#lost = undefined
    return { lines, atEnd, ...(lost && { lost }) }
  }

  async behind(): Promise<number> {
    const writers = await this.#folder.writersOf(this.#tag)
    let bytes = (await this.#current?.file.behind()) ?? 0
    for (const { id, path } of writers) {
      if (id === this.#current?.id || this.#position?.past.includes(id)) continue
      for (const { size } of await livesOf(path)) bytes += size
    }
    return bytes
  }

  async close(): Promise<void> {
    await this.#current?.file.close()
    this.#current = undefined
  }

  /** Opens the container of the position, or the first one behind it; false when there is none. */
  async #openFrom(writers: readonly Container[]): Promise<boolean> {
    const position = this.#position as ContainerPosition
    if (this.#current) return true
    const same = writers.find(({ id }) => id === position.container)
    if (same) {
      this.#current = reading(same.id, logFile(same, position.file), position)
      return true
    }
    // It was removed while nobody looked.
    if (position.container !== '') {
      this.#lost = { bytes: undefined }
      this.#finish(position.container)
    }
    const next = writers.find(({ id }) => !(this.#position as ContainerPosition).past.includes(id))
    if (!next) return false
    // All of it is new, what was rotated too.
    const begun = { ...(this.#position as ContainerPosition), container: next.id, file: NOWHERE, skip: 0 }
    this.#current = reading(next.id, logFile(next, NOWHERE), begun)
    return true
  }

  async #readOn(current: Current, limit: number, into: Line[]): Promise<boolean> {
    const { lines, atEnd, lost } = await current.file.read(limit)
    if (lost) {
      this.#lost = lost
      // What is read now does not follow what was read before.
      this.#give(current, current.lines.end(current.read), into)
    }
    for (const line of lines) {
      current.read = line.after
      current.grewAt = performance.now()
      this.#give(current, current.lines.push(line), into)
    }
    return atEnd
  }

  /** Nothing more is in its files: whether there is another container to go on with, or nothing will come any more. */
  async #leave(current: Current, writers: readonly Container[], into: Line[]): Promise<boolean> {
    const isGone = !writers.some(({ id }) => id === current.id)
    const { past } = this.#position as ContainerPosition
    const hasNext = writers.some(({ id }) => id !== current.id && !past.includes(id))
    const now = performance.now()
    if (!isGone && (!hasNext || now - current.grewAt < QUIET_MS)) return false
    // An open file is read to its end though it is removed; others may have been made since the last look, and removed.
    if (isGone && now - current.lookedAt > LONG_MS) this.#lost ??= { bytes: undefined }
    this.#give(current, current.lines.end(current.read), into)
    await this.close()
    this.#finish(current.id)
    return true
  }

  #give({ id }: Current, lines: readonly SourceLine<Pick<ContainerPosition, 'file' | 'skip'>>[], into: Line[]): void {
    for (const { after, ...line } of lines) {
      const { past } = this.#position as ContainerPosition
      this.#position = { container: id, ...after, past }
      into.push({ ...line, after: this.#position })
    }
  }

  #finish(id: string): void {
    const { past } = this.#position as ContainerPosition
    this.#position = { container: '', file: NOWHERE, skip: 0, past: [...past, id].slice(-MAX_PAST) }
  }
}

function logFile({ path }: Container, from: FilePosition | undefined): LogFile {
  // The engine closes its file before it renames it.
  return new LogFile({ path, from, closedWhenRenamed: true })
}

function reading(id: string, file: LogFile, { file: read, skip }: ContainerPosition): Current {
  const now = performance.now()
  return { id, file, lines: new EngineLines({ file: read, skip }), read, grewAt: now, lookedAt: now }
}
