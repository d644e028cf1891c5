// Chunks of output put together to lines again.

import { StringDecoder } from 'node:string_decoder'
import { stripVTControlCharacters } from 'node:util'
import { wholeCharacters } from '../json.ts'
import { completeOutput } from './settings.ts'
import type { FullOutputSettings, OutputSettings } from './settings.ts'

/** Begins every escape sequence. */
const ESCAPE = /[\u001b\u009b]/ // eslint-disable-line no-control-regex

/**
 * Takes chunks as they come and gives whole lines, without their ends (`\n` or `\r\n`). A character may be split across
 * chunks. A line above the limit is cut, with a mark that says how much was left out; the rest of it is not kept. A line
 * that is overwritten (`\r`) is what it was at its end.
 */
export class LineAssembler {
  readonly #onLine: (line: string) => void
  readonly #settings: FullOutputSettings
  readonly #now: () => number
  readonly #decoder = new StringDecoder('utf8')
  #partial = ''
  #leftOut = 0
  /** The chunk before ended with a carriage return: whether it ends the line is not known yet. */
  #held = false
  /** What a carriage return went back over, and since when this line has not been shown. */
  #overwritten = ''
  #hiddenSince: number | undefined

  constructor(
    onLine: (line: string) => void,
    settings: OutputSettings = {},
    now: () => number = () => performance.now(),
  ) {
    this.#onLine = onLine
    this.#settings = completeOutput(settings)
    this.#now = now
  }

  push(chunk: Uint8Array | string): void {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(asBuffer(chunk))
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#extend(text.slice(start, end), true)
      this.#finish()
      start = end + 1
    }
    if (start < text.length) this.#extend(text.slice(start), false)
  }

  /** The output has ended: what is left is a line of its own. */
  end(): void {
    this.#extend(this.#decoder.end(), true)
    if (this.#partial !== '' || this.#overwritten !== '') this.#finish()
  }

  /** @param ended whether the line ends after this part */
  #extend(part: string, ended: boolean): void {
    let text = part
    if (this.#held && (text !== '' || !ended)) text = `\r${text}`
    this.#held = !ended && text.endsWith('\r')
    if (this.#held) text = text.slice(0, -1)
    else if (ended) text = this.#withoutReturns(text)
    const back = this.#settings.returns === 'last' ? text.lastIndexOf('\r') : -1
    if (back < 0) return this.#keep(text)
    const before = text.lastIndexOf('\r', back - 1)
    if (back > 0 && before >= 0) this.#clear()
    this.#keep(text.slice(back === 0 ? 0 : before + 1, back))
    this.#overwrite()
    this.#keep(text.slice(back + 1))
  }

  /** At the end of a line there is nothing more to overwrite it. */
  #withoutReturns(text: string): string {
    let end = text.length
    if (this.#settings.returns === 'keep') return text.endsWith('\r') ? text.slice(0, -1) : text
    while (text[end - 1] === '\r') end--
    return text.slice(0, end)
  }

  #keep(text: string): void {
    const room = this.#settings.maxLineLength - this.#partial.length
    if (this.#leftOut === 0 && text.length <= room) {
      this.#partial += text
      return
    }
    const kept = this.#leftOut > 0 ? 0 : wholeCharacters(text, room)
    this.#partial += text.slice(0, kept)
    this.#leftOut += text.length - kept
  }

  /** What stands there is about to be overwritten; it is shown now and then, so that a long wait can be followed. */
  #overwrite(): void {
    if (this.#partial !== '') this.#overwritten = this.#partial
    this.#clear()
    const now = this.#now()
    this.#hiddenSince ??= now
    if (this.#overwritten === '' || now - this.#hiddenSince < this.#settings.redrawMs) return
    this.#hiddenSince = now
    this.#show(this.#overwritten, 0)
    this.#overwritten = ''
  }

  #finish(): void {
    const shownAlready = this.#partial === '' && this.#overwritten === '' && this.#hiddenSince !== undefined
    const line = this.#partial === '' ? this.#overwritten : this.#partial
    const leftOut = this.#leftOut
    this.#clear()
    this.#overwritten = ''
    this.#hiddenSince = undefined
    if (!shownAlready) this.#show(line, leftOut)
  }

  #clear(): void {
    this.#partial = ''
    this.#leftOut = 0
  }

  #show(line: string, leftOut: number): void {
    const plain = this.#settings.ansi === 'strip' && ESCAPE.test(line) ? stripVTControlCharacters(line) : line
    this.#onLine(leftOut > 0 ? `${plain}… [cut: ${leftOut} more characters]` : plain)
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
