// The folder in which a Docker engine keeps its containers: which of them write under which tag. The tag is an option of
// the engine's log driver `json-file`, which then stands in each line: nothing else of the folder has to be read.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseInstant } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import { engineLine } from './engine-lines.ts'
import { livesOf, openOrUndefined } from './lives.ts'

const LOOK_MS = 1_000
/** The engine writes no longer line. */
const FIRST_LINE_BYTES = 256 * 1024

export interface Container {
  id: string
  /** Of the file that is written to; those that were rotated stand beside it. */
  path: string
}

interface Known extends Container {
  /** Undefined for one that says nothing to anybody here. */
  tag: string | undefined
  since: Instant
}

export class ContainerFolder {
  readonly #path: string
  readonly #known = new Map<string, Known>()
  #lookedAt = -Infinity
  #looking: Promise<void> | undefined

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Containers that wrote under a tag, the oldest first. One that has written nothing yet is not there.
   * @throws what reading the folder gives
   */
  async writersOf(tag: string): Promise<Container[]> {
    if (performance.now() - this.#lookedAt >= LOOK_MS) await (this.#looking ??= this.#look())
    const writers = [...this.#known.values()].filter((known) => known.tag === tag)
    return writers.sort((a, b) => a.since.seconds - b.since.seconds || a.since.nanos - b.since.nanos)
  }

  async #look(): Promise<void> {
    try {
      const ids = await readdir(this.#path)
      for (const id of this.#known.keys()) if (!ids.includes(id)) this.#known.delete(id)
      for (const id of ids) {
        if (this.#known.has(id)) continue
        const path = join(this.#path, id, `${id}-json.log`)
        const first = await firstLine(path)
        if (first) this.#known.set(id, { id, path, ...first })
      }
      this.#lookedAt = performance.now()
    } finally {
      this.#looking = undefined
    }
  }
}

/** Tag and time of the first line that a container's files still have. */
async function firstLine(path: string): Promise<Pick<Known, 'tag' | 'since'> | undefined> {
  for (const life of await livesOf(path)) {
    const file = await openOrUndefined(life.path)
    if (!file) continue
    try {
      const buffer = Buffer.alloc(Math.min(life.size, FIRST_LINE_BYTES))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n').slice(0, -1)
      for (const line of lines) {
        const read = engineLine(line)
        const since = read && parseInstant(read.time)
        if (since) return { tag: read.tag, since }
      }
    } finally {
      await file.close()
    }
  }
  return undefined
}
