// Bytes cut into lines, with flat memory whatever their length.

const NEWLINE = 10

/** A longer line is cut here, in bytes. */
export const MAX_LINE_BYTES = 256 * 1024

export interface CutLine {
  bytes: Buffer
  /** Bytes that were left out at its end. */
  cut: number
  /** Bytes from the end of the line before to the end of this one, its own end included. */
  length: number
}

export class LineCutter {
  readonly #limit: number
  #parts: Buffer[] = []
  #kept = 0
  #cut = 0

  constructor(limit = MAX_LINE_BYTES) {
    this.#limit = limit
  }

  /** Bytes of a line that has no end yet. */
  get pending(): number {
    return this.#kept + this.#cut
  }

  /** Takes the next bytes, which may be used again afterwards. */
  push(chunk: Buffer): CutLine[] {
    const lines: CutLine[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#extend(chunk.subarray(start, end))
      lines.push(this.#finish(1))
      start = end + 1
    }
    this.#extend(chunk.subarray(start))
    return lines
  }

  /** What is left is a line of its own: nothing will follow it. */
  end(): CutLine[] {
    return this.pending > 0 ? [this.#finish(0)] : []
  }

  #extend(bytes: Buffer): void {
    const room = Math.max(0, this.#limit - this.#kept)
    if (bytes.length === 0) return
    const kept = bytes.subarray(0, room)
    if (kept.length > 0) this.#parts.push(Buffer.from(kept))
    this.#kept += kept.length
    this.#cut += bytes.length - kept.length
  }

  #finish(lineEnd: number): CutLine {
    const line = { bytes: Buffer.concat(this.#parts), cut: this.#cut, length: this.pending + lineEnd }
    this.#parts = []
    this.#kept = 0
    this.#cut = 0
    return line
  }
}
