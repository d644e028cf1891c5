// LogQL (https://grafana.com/docs/loki/latest/query/) as far as it is of use to look into one run: a parser by recursive
// descent, which looks at each word once. What it does not know it refuses; nothing is passed on unread.

import { compileExpression } from '../logs/expression.ts'
import {
  LogqlError,
  MAX_ALTERNATIVES,
  MAX_DEPTH,
  MAX_EXPRESSION_LENGTH,
  MAX_EXPRESSION_SIZE,
  MAX_LABELS,
  MAX_MATCHERS,
  MAX_RANGE_MS,
  MAX_STAGES,
  MIN_RANGE_MS,
} from './limits.ts'
import { tokenize } from './tokens.ts'
import type { Token } from './tokens.ts'
import {
  AGGREGATIONS,
  LINE_OPERATORS,
  NUMBER_OPERATORS,
  PARSERS,
  RANGE_FUNCTIONS,
  SELECTOR_LABELS,
  TEXT_OPERATORS,
} from './tree.ts'
import type { Condition, Grouping, LogSelection, LogqlQuery, Matcher, Metric, Stage, TextOperator } from './tree.ts'

/**
 * Reads a query of the subset.
 * @param runId the run that the query is bound to: a selector may name it, and no other
 * @throws LogqlError
 */
export function parseLogql(text: string, runId: string): LogqlQuery {
  return new Parser(tokenize(text), runId).query()
}

/** Units of durations and sizes that a label filter may compare with (Go's time.ParseDuration, and what Loki takes of go-humanize). */
const QUANTITY =
  /^(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:|(?:ns|us|ms|s|m|h)(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))*|B|[kKMGT]B|[KMGT]iB)$/
/** Words that are no names to Loki's lexer (pkg/logql/syntax/lex.go of 3.7), functions aside. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['and', 'bool', 'by', 'decolorize', 'drop', 'group_left', 'group_right', 'ignoring', 'ip', 'json', 'keep'],
  ...['label_format', 'label_replace', 'line_format', 'logfmt', 'of', 'offset', 'on', 'or', 'pattern', 'regexp'],
  ...['unless', 'unpack', 'unwrap', 'variants', 'without'],
])
const RANGE_UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

class Parser {
  readonly #tokens: readonly Token[]
  readonly #runId: string
  #at = 0

  constructor(tokens: readonly Token[], runId: string) {
    this.#tokens = tokens
    this.#runId = runId
  }

  query(): LogqlQuery {
    const query: LogqlQuery = this.#is('{')
      ? { kind: 'logs', selection: this.#selection() }
      : { kind: 'metric', metric: this.#metric(0) }
    if (this.#next.kind !== 'end') throw this.#refusal('the query ended before this')
    return query
  }

  #metric(depth: number): Metric {
    this.#bound(depth)
    const name = this.#take('name', 'a selector in {} or a function is expected').text
    const func = RANGE_FUNCTIONS.find((candidate) => candidate === name)
    if (func) {
      this.#expect('(')
      const selection = this.#selection()
      const rangeMs = this.#range()
      this.#expect(')')
      return { kind: 'range', name: func, selection, rangeMs }
    }
    const aggregation = AGGREGATIONS.find((candidate) => candidate === name)
    if (!aggregation) throw this.#refusalBefore(`the function ${name} is not among them`)
    const before = this.#grouping()
    this.#expect('(')
    const of = this.#metric(depth + 1)
    this.#expect(')')
    return { kind: 'aggregation', name: aggregation, grouping: before ?? this.#grouping(), of }
  }

  #grouping(): Grouping | undefined {
    const kind = (['by', 'without'] as const).find((word) => this.#isName(word))
    if (!kind) return undefined
    this.#at++
    this.#expect('(')
    const labels: string[] = []
    while (!this.#is(')')) {
      if (labels.length > 0) this.#expect(',')
      const label = this.#take('name', 'a label is expected').text
      this.#checkLabel(label)
      labels.push(label)
      if (labels.length > MAX_LABELS) throw this.#refusalBefore(`more than ${MAX_LABELS} labels are too many`)
    }
    this.#at++
    return { kind, labels }
  }

  #range(): number {
    this.#expect('[')
    const { text } = this.#take('quantity', 'a range such as 5m is expected')
    const parts = [...text.matchAll(/(\d+)([a-z]+)/g)]
    const whole = parts.map(([part]) => part).join('') === text && parts.length > 0
    const rangeMs = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (RANGE_UNITS_MS[unit ?? ''] ?? NaN), 0)
    if (!whole || !(rangeMs >= MIN_RANGE_MS && rangeMs <= MAX_RANGE_MS)) {
      throw this.#refusalBefore('a range lies between 1s and 24h')
    }
    this.#expect(']')
    return rangeMs
  }

  #selection(): LogSelection {
    this.#expect('{')
    const matchers: Matcher[] = []
    for (let count = 0; !this.#is('}'); count++) {
      if (count > 0) this.#expect(',')
      if (count === MAX_MATCHERS) throw this.#refusal(`more than ${MAX_MATCHERS} matchers are too many`)
      const matcher = this.#matcher()
      if (matcher) matchers.push(matcher)
    }
    this.#at++
    const stages: Stage[] = []
    for (;;) {
      const stage = this.#stage()
      if (!stage) return { matchers, stages }
      if (stages.length === MAX_STAGES) throw this.#refusalBefore(`more than ${MAX_STAGES} stages are too many`)
      stages.push(stage)
    }
  }

  /** Gives undefined for the run's own id, to which the query is bound anyway. */
  #matcher(): Matcher | undefined {
    const token = this.#take('name', 'a label is expected')
    const name = SELECTOR_LABELS.find((label) => label === token.text)
    if (!name) {
      throw this.#refusalBefore(`${token.text} is no label of a run's streams; behind the selector it may be a filter`)
    }
    const operator = this.#operator(TEXT_OPERATORS)
    const value = this.#text(operator)
    if (name !== 'run_id') return { name, operator, value }
    if (operator === '=' && value === this.#runId) return undefined
    throw this.#refusalBefore('the address gives the run, and no other can be asked for')
  }

  #stage(): Stage | undefined {
    const line = LINE_OPERATORS.find((operator) => this.#is(operator))
    if (line) {
      this.#at++
      const values = [this.#text(line)]
      while (this.#isName('or')) {
        this.#at++
        values.push(this.#text(line))
        if (values.length > MAX_ALTERNATIVES) throw this.#refusalBefore('these are too many alternatives')
      }
      return { kind: 'line', operator: line, values }
    }
    if (!this.#is('|')) return undefined
    this.#at++
    const parser = PARSERS.find((name) => this.#isName(name))
    if (parser) {
      this.#at++
      return { kind: 'parser', name: parser }
    }
    return { kind: 'filter', condition: this.#either(0, { left: MAX_ALTERNATIVES }) }
  }

  #either(depth: number, count: { left: number }): Condition {
    return this.#joined('or', () => this.#joined('and', () => this.#comparison(depth, count)))
  }

  #joined(kind: 'and' | 'or', term: () => Condition): Condition {
    const first = term()
    const terms = [first]
    while (this.#isName(kind)) {
      this.#at++
      terms.push(term())
    }
    return terms.length === 1 ? first : { kind, terms }
  }

  #comparison(depth: number, count: { left: number }): Condition {
    this.#bound(depth)
    if (this.#is('(')) {
      this.#at++
      const inner = this.#either(depth + 1, count)
      this.#expect(')')
      return inner
    }
    const name = this.#take('name', 'a parser or a label is expected').text
    if (this.#is('(') || this.#next.kind === 'string') throw this.#refusalBefore(`the stage ${name} is not among them`)
    this.#checkLabel(name)
    if (count.left-- === 0) throw this.#refusalBefore(`more than ${MAX_ALTERNATIVES} comparisons are too many`)
    if (this.#tokens[this.#at + 1]?.kind === 'string') {
      const operator = this.#operator(TEXT_OPERATORS)
      return { kind: 'text', name, operator, value: this.#text(operator) }
    }
    const isEqual = this.#is('=')
    const operator = isEqual ? '==' : this.#operator(NUMBER_OPERATORS)
    if (isEqual) this.#at++
    const value = this.#take('quantity', 'a text in quotes or a number is expected').text
    if (!QUANTITY.test(value)) throw this.#refusalBefore('this is no number, duration or size')
    return { kind: 'number', name, operator, value }
  }

  /** A text; behind an operator with `~` a regular expression. */
  #text(operator: TextOperator | '|=' | '|~'): string {
    const { text } = this.#take('string', 'a text in double quotes or backticks is expected')
    if (!operator.endsWith('~')) return text
    if (text.length > MAX_EXPRESSION_LENGTH) {
      throw this.#refusalBefore(`an expression has at most ${MAX_EXPRESSION_LENGTH} characters`)
    }
    const compiled = compileExpression(text)
    if (typeof compiled === 'string') throw this.#refusalBefore(`the regular expression is none of RE2 (${compiled})`)
    if (compiled.programSize() > MAX_EXPRESSION_SIZE) {
      throw this.#refusalBefore('the expression is too large: counted repeats multiply it')
    }
    return text
  }

  /** Loki would take the word for another one, in capitals too. */
  #checkLabel(name: string): void {
    if (RESERVED.has(name.toLowerCase()))
      throw this.#refusalBefore(`${name} is not among them, and no name that a label can have`)
  }

  #operator<O extends string>(operators: readonly O[]): O {
    const found = operators.find((operator) => this.#is(operator))
    if (!found) throw this.#refusal(`one of ${operators.join(' ')} is expected`)
    this.#at++
    return found
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token
  }

  #is(mark: string): boolean {
    return this.#next.kind === 'punctuation' && this.#next.text === mark
  }

  #isName(word: string): boolean {
    return this.#next.kind === 'name' && this.#next.text === word
  }

  #expect(mark: string): void {
    if (!this.#is(mark)) throw this.#refusal(`${mark} is expected`)
    this.#at++
  }

  #take(kind: Token['kind'], expected: string): Token {
    const token = this.#next
    if (token.kind !== kind) throw this.#refusal(expected)
    this.#at++
    return token
  }

  #bound(depth: number): void {
    if (depth > MAX_DEPTH) throw this.#refusal(`more than ${MAX_DEPTH} brackets inside one another are too many`)
  }

  #refusal(what: string): LogqlError {
    return new LogqlError(this.#next.position, what)
  }

  /** Of the word that was taken last. */
  #refusalBefore(what: string): LogqlError {
    return new LogqlError(this.#tokens[this.#at - 1]?.position ?? 0, what)
  }
}
