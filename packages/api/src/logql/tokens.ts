// The words of a LogQL query with their positions, in one pass over the text.

import { LogqlError, MAX_NAME_LENGTH, MAX_QUERY_LENGTH, MAX_STRING_LENGTH } from './limits.ts'

export type TokenKind = 'punctuation' | 'name' | 'quantity' | 'string' | 'end'

export interface Token {
  kind: TokenKind
  /** Of a string what it means, of everything else what is written. */
  text: string
  /** UTF-16 units from the start of the query. */
  position: number
}

const PUNCTUATION = [
  ...['|=', '|~', '!=', '!~', '=~', '==', '>=', '<='],
  ...['{', '}', '(', ')', '[', ']', ',', '|', '=', '>', '<'],
]
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
/** A number with or without a unit, or several one behind another: `10`, `1.5`, `5m`, `1h30m`, `20MB`. */
const QUANTITY = /\d+(?:\.\d+)?(?:[A-Za-z]+(?:\d+(?:\.\d+)?[A-Za-z]+)*)?/y

/** @throws LogqlError */
export function tokenize(query: string): Token[] {
  if (query.length > MAX_QUERY_LENGTH) {
    throw new LogqlError(MAX_QUERY_LENGTH, `it is longer than ${MAX_QUERY_LENGTH} characters`)
  }
  const tokens: Token[] = []
  let at = 0
  const word = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(query)?.[0]
  }
  for (;;) {
    while (at < query.length && ' \t\r\n'.includes(query[at] as string)) at++
    const position = at
    if (at === query.length) return [...tokens, { kind: 'end', text: '', position }]
    const first = query[at] as string
    if (first === '"' || first === '`') {
      const { text, end } = first === '"' ? quoted(query, at) : raw(query, at)
      if (text.length > MAX_STRING_LENGTH) {
        throw new LogqlError(position, `a text is longer than ${MAX_STRING_LENGTH} characters`)
      }
      tokens.push({ kind: 'string', text, position })
      at = end
      continue
    }
    const name = word(NAME)
    const quantity = name === undefined ? word(QUANTITY) : undefined
    const mark = PUNCTUATION.find((candidate) => query.startsWith(candidate, at))
    const text = name ?? quantity ?? mark
    if (text === undefined) throw new LogqlError(position, `the character ${JSON.stringify(first)} is none of it`)
    if (text.length > MAX_NAME_LENGTH) {
      throw new LogqlError(position, `a word is longer than ${MAX_NAME_LENGTH} characters`)
    }
    tokens.push({ kind: name ? 'name' : quantity ? 'quantity' : 'punctuation', text, position })
    at += text.length
  }
}

interface Literal {
  text: string
  /** Position after the closing quote. */
  end: number
}

/** A text between backticks: taken as it stands. */
function raw(query: string, start: number): Literal {
  const end = query.indexOf('`', start + 1)
  if (end < 0) throw new LogqlError(start, 'the text that begins here has no end')
  const text = query.slice(start + 1, end)
  const zero = text.indexOf('\0')
  if (zero >= 0) throw new LogqlError(start + 1 + zero, 'a text may not hold the character 0')
  // As in Go, from where LogQL has it: https://go.dev/ref/spec#String_literals
  return { text: wellFormed(text.replaceAll('\r', ''), start), end: end + 1 }
}

const SIMPLE: Readonly<Record<string, string>> = {
  ...{ a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', '"': '"' },
}
/** Digits of an escape that is written in hexadecimal. */
const HEXADECIMAL: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** A text between double quotes, with Go's escapes. */
function quoted(query: string, start: number): Literal {
  let text = ''
  let at = start + 1
  for (;;) {
    const character = query[at]
    if (character === undefined || character === '\n') {
      throw new LogqlError(start, 'the text that begins here has no end')
    }
    if (character === '"') return { text: wellFormed(text, start), end: at + 1 }
    if (character !== '\\') {
      if (character === '\0') throw new LogqlError(at, 'a text may not hold the character 0')
      text += character
      at++
      continue
    }
    const { value, end } = escape(query, at)
    text += value
    at = end
  }
}

function escape(query: string, at: number): { value: string; end: number } {
  const letter = query[at + 1] ?? ''
  const simple = Object.hasOwn(SIMPLE, letter) ? SIMPLE[letter] : undefined
  if (simple !== undefined) return { value: simple, end: at + 2 }
  const digits = Object.hasOwn(HEXADECIMAL, letter) ? HEXADECIMAL[letter] : undefined
  const [length, base, from] = digits === undefined ? [3, 8, at + 1] : [digits, 16, at + 2]
  const written = query.slice(from, from + length)
  const valid = written.length === length && (base === 8 ? /^[0-7]+$/ : /^[0-9A-Fa-f]+$/).test(written)
  if (!valid) throw new LogqlError(at, 'this escape is none of Go')
  const code = Number.parseInt(written, base)
  const isByte = digits === undefined || letter === 'x'
  if (code === 0) throw new LogqlError(at, 'a text may not hold the character 0')
  if (isByte && code > 0x7f)
    throw new LogqlError(at, 'a single byte above 7f is no character: write \\u and four digits')
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new LogqlError(at, 'this escape is no character')
  return { value: String.fromCodePoint(code), end: from + length }
}

/** What comes over HTTP is well-formed; half a character could not be written as UTF-8. */
function wellFormed(text: string, position: number): string {
  if (/[\ud800-\udfff]/u.test(text)) throw new LogqlError(position, 'the text holds half a character')
  return text
}
