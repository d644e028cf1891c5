// Whether a text holds any of many short literals, whatever their case: what has none is not looked at any closer.
// Wu and Manber, "A fast algorithm for multi-pattern searching" (1994), with blocks of two characters: most characters
// of a text are never read. A regular expression of the same literals costs about ten times as much.

/** Characters are compared in their lower seven bits with bit 5 set, which folds ASCII letters. */
function fold(code: number): number {
  return (code | 32) & 127
}

const BLOCKS = 128 * 128

export class LiteralSearch {
  /** How far the window may move when it ends with a block. */
  readonly #shifts: Uint8Array
  /** Literals whose first characters, as many as the window has, end with a block. */
  readonly #candidates = new Map<number, string[]>()
  /** Length of the shortest literal. */
  readonly #window: number

  /** @param literals of at least two characters each, ASCII */
  constructor(literals: readonly string[]) {
    this.#window = Math.min(255, ...literals.map(({ length }) => length))
    this.#shifts = new Uint8Array(BLOCKS).fill(Math.max(1, this.#window - 1))
    for (const literal of literals) this.#add(literal)
  }

  /** May say yes where a character differs from a literal's in its case or its upper bits only, never no for a hit. */
  mayHold(text: string): boolean {
    if (this.#candidates.size === 0) return false
    for (let end = this.#window - 1; end < text.length;) {
      const block = (fold(text.charCodeAt(end - 1)) << 7) | fold(text.charCodeAt(end))
      const shift = this.#shifts[block] as number
      if (shift > 0) {
        end += shift
        continue
      }
      const start = end - this.#window + 1
      for (const literal of this.#candidates.get(block) ?? []) {
        if (startsWith(text, start, literal)) return true
      }
      end++
    }
    return false
  }

  #add(literal: string): void {
    for (let end = 1; end < this.#window; end++) {
      const block = (fold(literal.charCodeAt(end - 1)) << 7) | fold(literal.charCodeAt(end))
      const shift = this.#window - 1 - end
      this.#shifts[block] = Math.min(this.#shifts[block] as number, shift)
      if (shift > 0) continue
      const others = this.#candidates.get(block)
      if (others) others.push(literal)
      else this.#candidates.set(block, [literal])
    }
  }
}

function startsWith(text: string, start: number, literal: string): boolean {
  for (let i = 0; i < literal.length; i++) {
    if (fold(text.charCodeAt(start + i)) !== fold(literal.charCodeAt(i))) return false
  }
  return true
}
