// Chunks of output put together to lines again.

import { StringDecoder } from 'node:string_decoder'
import { wholeCharacters } from './json.ts'

/** A longer line is cut here, in UTF-16 code units. */
export const MAX_LINE_LENGTH = 1024 * 1024

/**
 * Takes chunks as they come and gives whole lines, without their ends (`\n` or `\r\n`). A character may be split across
 * chunks. A line above the limit is cut, with a mark that says how much was left out; the rest of it is not kept.
 */
export class LineAssembler {
  readonly #onLine: (line: string) => void
  readonly #limit: number
  readonly #decoder = new StringDecoder('utf8')
  #partial = ''
  #leftOut = 0

  constructor(onLine: (line: string) => void, limit: number = MAX_LINE_LENGTH) {
    this.#onLine = onLine
    this.#limit = limit
  }

  push(chunk: Uint8Array | string): void {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(asBuffer(chunk))
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#extend(text.slice(start, end))
      this.#finish()
      start = end + 1
    }
    this.#extend(text.slice(start))
  }

  /** The output has ended: what is left is a line of its own. */
  end(): void {
    this.#extend(this.#decoder.end())
    if (this.#partial !== '') this.#finish()
  }

  #extend(text: string): void {
    const room = this.#limit - this.#partial.length
    if (this.#leftOut === 0 && text.length <= room) {
      this.#partial += text
      return
    }
    const kept = this.#leftOut > 0 ? 0 : wholeCharacters(text, room)
    this.#partial += text.slice(0, kept)
    this.#leftOut += text.length - kept
  }

  #finish(): void {
    const line = this.#partial
    const leftOut = this.#leftOut
    this.#partial = ''
    this.#leftOut = 0
    if (leftOut > 0) this.#onLine(`${line}… [cut: ${leftOut} more characters]`)
    else this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
