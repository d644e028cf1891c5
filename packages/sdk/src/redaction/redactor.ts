// Takes secrets out of what is about to leave the process.

import { RunlightError } from '@runlight/contracts/errors'
import { RE2JS } from 're2js'
import { SecretKeys, spellings } from './keys.ts'
import { LiteralSearch } from './literal-search.ts'
import { RULES, SECRET_HEADERS, SECRET_WORDS, URL_PASSWORD } from './rules.ts'

/** Stands in the place of every secret. */
export const REDACTED = '[redacted]'
const UNREADABLE = '{"leftOut":"It could not be searched for secrets."}'

const ALL_RULES = [...RULES, URL_PASSWORD]

/** Names of the rules that are always there, for counters that start at 0; own patterns bring theirs. */
export const REDACTION_RULES: readonly string[] = [...ALL_RULES.map(({ name }) => name), 'key', 'unreadable']

export interface RedactionPattern {
  /** Rule's name in the metric, up to 40 of a-z, 0-9 and `-`. */
  name: string
  /** RE2 syntax (https://github.com/google/re2/wiki/Syntax): its cost is linear; no look-around, no back-references. */
  pattern: string
  /**
   * A text of at least two characters that stands in everything the pattern matches, whatever its case. Values without
   * it are passed over quickly; without one the pattern is tried on every value, some microseconds each.
   */
  literal?: string
}

export interface RedactionSettings {
  /** Well-known secrets: private keys, bearer and vendors' tokens, passwords in addresses and assignments. Default true. */
  defaults?: boolean
  /** Names of fields whose values are replaced whole, in any spelling (`creditCard` is `credit_card`). */
  keys?: readonly string[]
  patterns?: readonly RedactionPattern[]
}

/** Told how many values a rule has replaced. */
export type Tally = (rule: string, count: number) => void

interface OwnRule {
  name: string
  expression: RE2JS
}

export class Redactor {
  readonly #keys: SecretKeys
  readonly #defaults: boolean
  readonly #own: readonly OwnRule[]
  /** Patterns without a literal. */
  readonly #always: readonly OwnRule[]
  readonly #literals: LiteralSearch

  /** @throws RunlightError RL_CONFIG_INVALID: a pattern that is not RE2, a name or a literal that can't be one */
  constructor({ defaults = true, keys = [], patterns = [] }: RedactionSettings = {}) {
    this.#defaults = defaults
    this.#keys = new SecretKeys(keys, defaults)
    const own = patterns.map((pattern) => ({ rule: compile(pattern), literal: pattern.literal }))
    this.#own = own.map(({ rule }) => rule)
    this.#always = own.flatMap(({ rule, literal }) => (literal === undefined ? [rule] : []))
    const known = defaults ? [...RULES.flatMap(({ literals }) => literals), ...SECRET_WORDS, ...SECRET_HEADERS] : []
    const named = own.flatMap(({ literal }) => (literal === undefined ? [] : [literal]))
    this.#literals = new LiteralSearch(withoutPwd([...known, ...keys.flatMap(spellings), ...named]))
  }

  /** A text without its secrets. */
  text(text: string, tally: Tally): string {
    return this.#mayHold(text) || this.#always.some(({ expression }) => expression.test(text))
      ? this.#replace(text, tally)
      : text
  }

  /** JSON without the secrets in its strings, and without the values of secret fields. Never throws. */
  json(json: string, tally: Tally): string {
    // Escapes in JSON touch quotes, backslashes and control characters, so that a literal is found in it as well.
    if (this.#always.length === 0 && !this.#mayHold(json)) return json
    try {
      return JSON.stringify(this.#value(JSON.parse(json), tally))
    } catch {
      // Too deep to be walked through: better left out than let out.
      tally('unreadable', 1)
      return UNREADABLE
    }
  }

  #mayHold(text: string): boolean {
    return this.#literals.mayHold(text) || (this.#defaults && URL_PASSWORD.mayHold(text))
  }

  #replace(text: string, tally: Tally): string {
    let clean = text
    if (this.#defaults) {
      for (const { name, find } of ALL_RULES) clean = replaceAll(clean, find, name, tally)
    }
    for (const { name, expression } of this.#own) clean = replaceOwn(clean, expression, name, tally)
    return clean
  }

  /** Of a value that came from JSON.parse. */
  #value(value: unknown, tally: Tally): unknown {
    if (typeof value === 'string') return this.text(value, tally)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((item) => this.#value(item, tally))
    const clean: Record<string, unknown> = {}
    for (const [key, field] of Object.entries(value)) set(clean, key, this.#field(key, field, tally))
    return clean
  }

  #field(key: string, value: unknown, tally: Tally): unknown {
    const empty = value === null || value === '' || typeof value === 'boolean' || value === REDACTED
    if (empty || !this.#keys.has(key)) return this.#value(value, tally)
    tally('key', 1)
    return REDACTED
  }
}

/** `pwd` alone would make the search slow for what is hardly ever there; the rule for assignments has its longer forms. */
function withoutPwd(literals: readonly string[]): string[] {
  return literals.filter((literal) => literal !== 'pwd')
}

function compile({ name, pattern, literal }: RedactionPattern): OwnRule {
  if (!/^[a-z0-9-]{1,40}$/.test(name)) throw invalid(`the name of pattern ${name} must be 1 to 40 of a-z, 0-9 and -`)
  if (literal !== undefined && !/^[\x20\x21\x23-\x5b\x5d-\x7e]{2,255}$/.test(literal)) {
    throw invalid(`the literal of pattern ${name} must be 2 to 255 ASCII characters without quotes and backslashes`)
  }
  try {
    return { name, expression: RE2JS.compile(pattern) }
  } catch (cause) {
    throw invalid(`pattern ${name} is not a regular expression of RE2 (${(cause as Error).message})`, cause)
  }
}

function invalid(message: string, cause?: unknown): RunlightError {
  return new RunlightError('RL_CONFIG_INVALID', `Redaction: ${message}`, { cause })
}

function replaceAll(text: string, find: RegExp, name: string, tally: Tally): string {
  let count = 0
  const clean = text.replace(find, (match: string, before: string, second: unknown) => {
    count++
    // Without a second group, the offset stands in its place.
    const after = typeof second === 'string' ? second : ''
    // Quotes stay, so that JSON in a line is JSON afterwards.
    const secret = match.slice(before.length, match.length - after.length)
    const quote = /^\\{0,3}["']/.exec(secret)?.[0] ?? ''
    const closing = quote !== '' && secret.length > quote.length && secret.endsWith(quote) ? quote : ''
    return `${before}${quote}${REDACTED}${closing}${after}`
  })
  if (count > 0) tally(name, count)
  return clean
}

function replaceOwn(text: string, expression: RE2JS, name: string, tally: Tally): string {
  const matcher = expression.matcher(text)
  let clean = ''
  let end = 0
  let count = 0
  while (matcher.find()) {
    if (matcher.end() === matcher.start()) continue
    clean += text.slice(end, matcher.start()) + REDACTED
    end = matcher.end()
    count++
  }
  if (count === 0) return text
  tally(name, count)
  return clean + text.slice(end)
}

/** `__proto__` is a name like any other. */
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}
