// A long array of an answer: its items are put behind one another as they come, as bytes outside of the heap. Thousands of
// texts that live until the last of them is there cost the garbage collector more than making them does.

import { jsonWith } from './json.ts'
import type { Json, JsonBytes, Written } from './json.ts'

/** About as many characters are a text before they become bytes. */
const PIECE = 32 * 1024

export class JsonItems<T> {
  #pieces: Buffer[] = []
  #text = ''
  #bytes = 0
  #count = 0

  add(item: Json<T>): void {
    this.#text += this.#count === 0 ? item : `,${item}`
    this.#count++
    if (this.#text.length >= PIECE) this.#cut()
  }

  /** Puts all of the others behind these. */
  addAll(others: JsonItems<T>): void {
    if (others.#count === 0) return
    if (this.#count > 0) this.#text += ','
    this.#cut()
    for (const piece of others.pieces()) this.#pieces.push(piece)
    this.#bytes += others.bytes
    this.#count += others.count
  }

  get count(): number {
    return this.#count
  }

  /** What they take in the answer. */
  get bytes(): number {
    this.#cut()
    return this.#bytes
  }

  /** The items with commas between them. */
  pieces(): readonly Buffer[] {
    this.#cut()
    return this.#pieces
  }

  parse(): T[] {
    return JSON.parse(`[${Buffer.concat(this.pieces()).toString()}]`) as T[]
  }

  #cut(): void {
    if (this.#text === '') return
    const piece = Buffer.from(this.#text)
    this.#text = ''
    this.#bytes += piece.length
    this.#pieces.push(piece)
  }
}

/** The JSON text of an object, one member of which are such items. */
export function jsonWithItems<T extends object, K extends keyof T & string>(
  value: Written<T>,
  name: K,
  items: JsonItems<T[K] extends readonly (infer I)[] ? I : never>,
): JsonBytes<T> {
  const around = jsonWith<T>(value, { [name]: '[]' } as { [N in keyof T]?: Json<T[N]> })
  const end = Buffer.from(around.slice(-2))
  return Buffer.concat([Buffer.from(around.slice(0, -2)), ...items.pieces(), end])
}
