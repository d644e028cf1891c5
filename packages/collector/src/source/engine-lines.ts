// Lines as the engine's log driver `json-file` writes them (https://docs.docker.com/engine/logging/drivers/json-file/):
// each is a JSON object with what one stream said. A line of more than 16 KiB comes in pieces, with those of the other
// stream between them, and the last piece has the line's end.

import type { ContainerPosition, FilePosition, SourceLine } from './line-source.ts'
import { MAX_LINE_BYTES } from './lines.ts'

/** What the engine reads of a stream in one go. A shorter piece without an end is the last that a process has said. */
const PIECE_BYTES = 16 * 1024
/** Whole lines that wait for the end of one that began before them, in bytes. */
const MAX_HELD_BYTES = 1024 * 1024

interface EngineLine {
  text: string
  stream: string
  time: string
  tag: string | undefined
}

/** Reads a line; undefined when it is none of the engine's (one that was being written when the machine crashed). */
export function engineLine(line: string): EngineLine | undefined {
  let read: unknown
  try {
    read = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof read !== 'object' || read === null) return undefined
  const { log, stream, time, attrs } = read as Record<string, unknown>
  if (typeof log !== 'string' || typeof stream !== 'string' || typeof time !== 'string') return undefined
  const tag = (attrs as { tag?: unknown } | undefined)?.tag
  return { text: log, stream, time, tag: typeof tag === 'string' ? tag : undefined }
}

interface Held {
  parts: Buffer[]
  kept: number
  cut: number
  time: string | undefined
}

/** How far in the engine's files. */
type Place = Pick<ContainerPosition, 'file' | 'skip'>

/**
 * Puts the lines of one container together again, in the order in which they began. Lines that the engine has kept
 * interleaved are given together, once all of them are whole: so a place is where the first of them begins, and how
 * many are behind, and the same bytes give the same lines again.
 */
export class EngineLines {
  #begin: FilePosition
  #skip: number
  #group: Held[] = []
  /** Lines that are not whole, by stream. */
  readonly #open = new Map<string, Held>()
  #heldBytes = 0

  constructor({ file, skip }: Place) {
    this.#begin = file
    this.#skip = skip
  }

  push({ bytes, cut, after }: SourceLine<FilePosition>): SourceLine<Place>[] {
    const read = cut === 0 ? engineLine(bytes.toString('utf8')) : undefined
    if (!read) this.#group.push({ parts: [bytes], kept: bytes.length, cut, time: undefined })
    else this.#add(read)
    if (this.#open.size > 0 && this.#heldBytes <= MAX_HELD_BYTES) return []
    return this.end(after)
  }

  /** What is held is all there will be; it ends there. */
  end(after: FilePosition): SourceLine<Place>[] {
    const last = this.#group.length - 1
    const lines = this.#group.map(({ parts, cut, time }, index) => ({
      bytes: Buffer.concat(parts),
      cut,
      ...(time !== undefined && { time }),
      after: index === last ? { file: after, skip: 0 } : { file: this.#begin, skip: index + 1 },
    }))
    const rest = lines.slice(this.#skip)
    this.#group = []
    this.#open.clear()
    this.#heldBytes = 0
    this.#begin = after
    this.#skip = 0
    return rest
  }

  #add({ text, stream, time }: EngineLine): void {
    const isEnd = text.endsWith('\n')
    const bytes = Buffer.from(isEnd ? text.slice(0, -1) : text)
    let line = this.#open.get(stream)
    if (!line) {
      line = { parts: [], kept: 0, cut: 0, time }
      this.#group.push(line)
    }
    const kept = bytes.subarray(0, Math.max(0, MAX_LINE_BYTES - line.kept))
    if (kept.length > 0) line.parts.push(kept)
    line.kept += kept.length
    line.cut += bytes.length - kept.length
    if (!isEnd && bytes.length >= PIECE_BYTES) this.#open.set(stream, line)
    else {
      this.#open.delete(stream)
      this.#heldBytes += line.kept
    }
  }
}
