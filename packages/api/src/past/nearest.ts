// The lines that come first among those of many organisations, which are read one after another: no more of them are
// held than a page takes, and what comes later need not be read of the others.

import { compareKeys } from '../cursor/keys.ts'
import type { StoredLine } from '../store/log-lines.ts'
import { BORDER_NS, floor, largest, smallest } from './borders.ts'

export interface NearestLimits {
  forward: boolean
  lines: number
  /** Of the lines' JSON. One millisecond is held whole all the same. */
  bytes: number
}

export class Nearest {
  readonly #limits: NearestLimits
  #lines: StoredLine[] = []
  #bytes = 0
  #border: bigint | undefined

  constructor(limits: NearestLimits) {
    this.#limits = limits
  }

  /** Up to where the lines are all there are, in their direction; undefined while that is the end of the range. */
  get border(): bigint | undefined {
    return this.#border
  }

  /** All lines before the border, in no order. */
  get lines(): readonly StoredLine[] {
    return this.#lines
  }

  /** Takes lines of one organisation that are all there are up to their border. */
  add(lines: readonly StoredLine[], border: bigint | undefined): void {
    for (const line of lines) {
      this.#lines.push(line)
      this.#bytes += line.json.length
    }
    if (border !== undefined) this.#cutAt(border)
    if (this.#lines.length <= this.#limits.lines && this.#bytes <= this.#limits.bytes) return
    const sign = this.#limits.forward ? 1 : -1
    this.#lines.sort((a, b) => sign * compareKeys(a.key, b.key))
    let bytes = 0
    const first = this.#lines.findIndex((line, index) => {
      bytes += line.json.length
      return index >= this.#limits.lines || bytes > this.#limits.bytes
    })
    const nanosOf = (index: number) => floor((this.#lines[index] as StoredLine).key.effectiveNs)
    if (this.#limits.forward) this.#cutAt(largest(nanosOf(0) + BORDER_NS, nanosOf(first)))
    else this.#cutAt(smallest(nanosOf(0), nanosOf(first) + BORDER_NS))
  }

  #cutAt(border: bigint): void {
    const { forward } = this.#limits
    const nearer = forward ? smallest(border, this.#border) : largest(border, this.#border)
    this.#border = nearer
    this.#lines = this.#lines.filter(({ key }) => (forward ? key.effectiveNs < nearer : key.effectiveNs >= nearer))
    this.#bytes = this.#lines.reduce((sum, { json }) => sum + json.length, 0)
  }
}
