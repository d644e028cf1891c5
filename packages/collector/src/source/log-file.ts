// A log file, followed for ever: over rotation by renaming or by copying and truncating, over restarts.

import type { FileHandle } from 'node:fs/promises'
import { stat } from 'node:fs/promises'
import type { FilePosition, LineSource, Reading, SourceLine } from './line-source.ts'
import { LineCutter } from './lines.ts'
import type { CutLine } from './lines.ts'
import { NO_HEAD, headOf, indexOf, isWholeHead, keyOf, lifeAt, livesOf, openOrUndefined } from './lives.ts'
import type { Life } from './lives.ts'
import { completeRotation, rotate } from './rotate.ts'
import type { Rotation } from './rotate.ts'

/** Whoever renames a file may let its writer go on with it for a while. */
const RENAMED_QUIET_MS = 2_000

/** Files that are remembered as finished; more than rotation keeps. */
const MAX_PAST = 50

export interface LogFileSettings {
  path: string
  /** Where to go on; undefined for a log that is new to the collector: it is read from the beginning of its newest file. */
  from: FilePosition | undefined
  /** Whoever renames the file has closed it before, so that its end is its end. */
  closedWhenRenamed?: boolean
  /** Set where nobody else rotates the file. */
  rotation?: Rotation | undefined
}

type Line = SourceLine<FilePosition>

/** The file that is being read. */
interface Current {
  file: FileHandle
  /** Behind the last whole line. */
  position: FilePosition
  /** Next byte to be read; a line without an end may stand between the position and it. */
  read: number
  /** When the last byte came; of performance.now(). */
  grewAt: number
  /** A copy was made before the file was truncated: it does not grow, and may end within a line. */
  isCopy: boolean
  /** It was seen under another name than the log's. */
  isRenamed: boolean
}

export class LogFile implements LineSource<FilePosition> {
  readonly #path: string
  readonly #rotation: Rotation | undefined
  readonly #closedWhenRenamed: boolean
  readonly #cutter = new LineCutter()
  #chunk = Buffer.alloc(0)
  #current: Current | undefined
  /** Where to go on while no file is open. */
  #from: FilePosition | undefined
  #started = false
  /** The last look found nothing more. */
  #atEnd = false
  /** Bytes of the unfinished line that were read from files before the current one. */
  #carried = 0
  #lost: Reading['lost']

  constructor({ path, from, rotation, closedWhenRenamed = false }: LogFileSettings) {
    this.#path = path
    this.#from = from
    this.#rotation = rotation
    this.#closedWhenRenamed = closedWhenRenamed
  }

  async begin(): Promise<FilePosition> {
    if (!this.#started) await this.#start()
    return this.#current?.position ?? (this.#from as FilePosition)
  }

  async read(limit: number): Promise<Reading<FilePosition>> {
    await this.begin()
    const lines: Line[] = []
    let atEnd = false
    for (let left = limit; left > 0 && !atEnd;) {
      const bytes = await this.#readOn(left, lines)
      left -= bytes
      if (bytes === 0) atEnd = !(await this.#moveOn(lines))
      else this.#atEnd = false
    }
    this.#atEnd = atEnd
    const lost = this.#lost
    this.#lost = undefined
    return { lines, atEnd, ...(lost && { lost }) }
  }

  async behind(): Promise<number> {
    const lives = await livesOf(this.#path)
    const position = this.#current?.position ?? this.#from
    if (!position) return 0
    const here = await indexOf(lives, position)
    const unread = lives.slice(here + 1).filter((life) => !position.past.includes(keyOf(life)))
    const rest = here < 0 ? 0 : (lives[here] as Life).size - position.offset
    return unread.reduce((sum, { size }) => sum + size, rest)
  }

  async maintain(): Promise<boolean> {
    const rotation = this.#rotation
    if (!rotation) return false
    await this.begin()
    const main = await stat(this.#path, { bigint: true }).catch(() => undefined)
    if (!main || Number(main.size) < rotation.bytes) return false
    await this.#forgetOldest(rotation)
    if (!(await rotate(this.#path, rotation))) return false
    const current = this.#current
    const copy = await lifeAt(`${this.#path}.1`)
    // A new file may have been given the inode of one that is gone.
    if (copy) this.#setPast((past) => past.filter((key) => key !== keyOf(copy)))
    if (current?.position.inode === String(main.ino) && copy) await this.#openCopy(copy, current)
    return true
  }

  async close(): Promise<void> {
    const current = this.#current
    this.#current = undefined
    this.#from = current?.position ?? this.#from
    await current?.file.close()
  }

  async #start(): Promise<void> {
    this.#started = true
    if (this.#rotation) await completeRotation(this.#path, this.#rotation)
    const lives = await livesOf(this.#path)
    // What was rotated before anybody asked for this log is past; what is rotated from now on is not.
    const past = lives.filter(({ path }) => path !== this.#path).map(keyOf)
    const from = (this.#from ??= { inode: '', head: NO_HEAD, offset: 0, past })
    const life = lives[await indexOf(lives, from)]
    if (life) return this.#open(life, { ...from, inode: life.inode }, life.inode !== from.inode)
    // What was not read of the file is gone, and perhaps whole files after it.
    if (from.head.bytes > 0) this.#lost = { bytes: undefined }
  }

  /** Reads the next bytes of the current file; 0 when there are none. */
  async #readOn(limit: number, into: Line[]): Promise<number> {
    const current = this.#current
    if (!current) return 0
    if (this.#chunk.length < limit) this.#chunk = Buffer.alloc(limit)
    const { bytesRead } = await current.file.read(this.#chunk, 0, limit, current.read)
    if (bytesRead === 0) return 0
    // Truncated, and grown again beyond where we are: these bytes are not what follows.
    const { head } = current.position
    if (head.bytes > 0 && (await headOf(current.file, head.bytes)).digest !== head.digest) return 0
    if (!isWholeHead(head)) current.position = { ...current.position, head: await headOf(current.file) }
    current.read += bytesRead
    current.grewAt = performance.now()
    for (const line of this.#cutter.push(this.#chunk.subarray(0, bytesRead))) {
      into.push(lineAt(current, line, current.position.offset + line.length - this.#carried))
      this.#carried = 0
    }
    return bytesRead
  }

  /** Nothing more is in the current file: goes on to the one after it. False when there is none yet. */
  async #moveOn(into: Line[]): Promise<boolean> {
    const current = this.#current
    if (!current) return this.#openFirst()
    const { position } = current
    const main = await stat(this.#path, { bigint: true }).catch(() => undefined)
    if (String(main?.ino) === position.inode && Number(main?.size) === current.read) return false
    const lives = await livesOf(this.#path)
    const here = await indexOf(lives, position)
    const life = lives[here]
    // It was copied and truncated: what is unread stands in the copy.
    if (life && life.inode !== position.inode) {
      await this.#openCopy(life, current)
      return true
    }
    const next = lives.slice(here + 1).findIndex((other) => !position.past.includes(keyOf(other))) + here + 1
    const nextLife = lives[next]
    if (next <= here || !nextLife) return false
    const isLast = next === lives.length - 1
    if (!current.isCopy) {
      // What was written between the last look and the renaming has to be read yet.
      if (this.#closedWhenRenamed && !current.isRenamed) return (current.isRenamed = true)
      const isQuiet = this.#closedWhenRenamed || performance.now() - current.grewAt >= RENAMED_QUIET_MS
      if (life && isLast && !isQuiet) return false
    }
    // Rotated away under whoever holds it open: files that followed it may have gone the same way.
    const isRotatedAway = lives.length > 1 && lives.every(({ inode }) => inode !== position.inode)
    // Gone without a copy: whether it was read to its end is known from the last look only.
    if (!life && (isRotatedAway || !this.#atEnd)) this.#lost ??= { bytes: undefined }
    // A copy may have been cut within a line, which goes on in the file that follows; no other file does.
    if (!current.isCopy) for (const line of this.#cutter.end()) into.push(lineAt(current, line, current.read))
    const past = life ? [...position.past, keyOf(position)] : position.past
    await this.#open(nextLife, begin(nextLife, past), !isLast)
    return true
  }

  /** The oldest file that is new. */
  async #openFirst(): Promise<boolean> {
    const lives = await livesOf(this.#path)
    const main = lives.at(-1)
    const from = this.#from
    if (main?.path !== this.#path || !from) return false
    const past = [...from.past, keyOf(from)]
    const life = lives.find((other) => !past.includes(keyOf(other))) ?? main
    await this.#open(life, begin(life, past), life !== main)
    return true
  }

  /** Goes on with the same life in a copy of its file. */
  async #openCopy(copy: Life, { position, read }: Current): Promise<void> {
    const carried = this.#carried
    await this.#open(copy, { ...position, inode: copy.inode }, true, read)
    this.#carried = carried
  }

  async #open(life: Life, position: FilePosition, isCopy: boolean, read = position.offset): Promise<void> {
    const file = await openOrUndefined(life.path)
    if (!file) return
    await this.#current?.file.close()
    this.#carried = this.#cutter.pending
    this.#from = undefined
    this.#current = { file, position, read, grewAt: performance.now(), isCopy, isRenamed: false }
  }

  /** Rotation is about to remove the oldest file: what was not read of it is lost, and counted. */
  async #forgetOldest({ files }: Rotation): Promise<void> {
    const oldest = await lifeAt(`${this.#path}.${files}`)
    const position = this.#current?.position ?? this.#from
    if (!oldest || !position || position.past.includes(keyOf(oldest))) return
    const here = (await indexOf([oldest], position)) === 0
    const unread = oldest.size - (here ? position.offset : 0)
    if (unread > 0) this.#lost = { bytes: (this.#lost?.bytes ?? 0) + unread }
    if (here) {
      this.#cutter.end()
      this.#carried = 0
      await this.close()
    }
    this.#setPast((past) => [...past, keyOf(oldest)].slice(-MAX_PAST))
  }

  #setPast(change: (past: readonly string[]) => string[]): void {
    const changed = (position: FilePosition): FilePosition => ({ ...position, past: change(position.past) })
    if (this.#current) this.#current.position = changed(this.#current.position)
    else if (this.#from) this.#from = changed(this.#from)
  }
}

function lineAt(current: Current, { bytes, cut }: CutLine, offset: number): Line {
  current.position = { ...current.position, offset }
  return { bytes, cut, after: current.position }
}

/** The beginning of a file. */
function begin({ inode, head }: Life, past: readonly string[]): FilePosition {
  return { inode, head, offset: 0, past: past.slice(-MAX_PAST) }
}
