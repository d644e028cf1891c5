// Random queries of the subset, as trees with one of the ways to write them, and hostile texts.

import fc from 'fast-check'
import { AGGREGATIONS, LINE_OPERATORS, NUMBER_OPERATORS, PARSERS, RANGE_FUNCTIONS, TEXT_OPERATORS } from './tree.ts'
import type { Condition, LogSelection, LogqlQuery, Matcher, Metric, Stage } from './tree.ts'

/** Texts as they come up in messages, and as somebody would write them who wants to break out of quotes. */
const text = fc.oneof(
  fc.constantFrom(
    'error',
    'line 7',
    'a',
    '',
    '"',
    '\\',
    '`',
    '"} or {run_id="run-b"',
    '| json',
    '\n',
    '# no',
    '💡',
    '\u2028',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ maxLength: 8, unit: 'binary' }).map((any) => any.replaceAll('\0', '')),
)
const expression = fc.constantFrom(
  '.*',
  'err.*',
  '(?i)LINE',
  '^$',
  '[a-z]+\\d{1,3}',
  '"|`',
  'a|b',
  '.+',
  'run-b',
  '\\x{1F4A1}',
)
const name = fc.oneof(
  fc.constantFrom('level', 'attempt', 'node', 'stream', 'run_id', 'message', 'nodeRef', '__error__', 'sum', 'rate'),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).map((any) => `x${any}`),
)
const quantity = fc.constantFrom(
  '0',
  '1',
  '2.5',
  '100',
  '10s',
  '1m30s',
  '250ms',
  '1.5h',
  '3us',
  '20MB',
  '512B',
  '1KiB',
  '4GB',
)

const valued = <O extends string>(operators: readonly O[]) =>
  fc
    .constantFrom(...operators)
    .chain((operator) =>
      (operator.endsWith('~') ? expression : text).map((value) => ({ operator: operator as O, value })),
    )

const matcher: fc.Arbitrary<Matcher> = fc
  .tuple(fc.constantFrom('node', 'stream', 'shard', 'late'), valued(TEXT_OPERATORS))
  .map(([label, rest]) => ({ name: label as Matcher['name'], ...rest }))

const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.tuple(name, valued(TEXT_OPERATORS)).map(([label, rest]): Condition => ({ kind: 'text', name: label, ...rest })),
  fc
    .tuple(name, fc.constantFrom(...NUMBER_OPERATORS), quantity)
    .map(([label, operator, value]): Condition => ({ kind: 'number', name: label, operator, value })),
)

/** Terms of a kind are of another one, as brackets alone would not keep them apart in the tree. */
function condition(depth: number): fc.Arbitrary<Condition> {
  if (depth === 0) return leaf
  const inner = condition(depth - 1)
  const joined = fc
    .tuple(fc.constantFrom('and', 'or'), fc.array(inner, { minLength: 2, maxLength: 2 }))
    .filter(([kind, terms]) => terms.every((term) => term.kind !== kind))
    .map(([kind, terms]): Condition => ({ kind: kind as 'and' | 'or', terms }))
  return fc.oneof(leaf, joined)
}

const stage: fc.Arbitrary<Stage> = fc.oneof(
  fc
    .constantFrom(...LINE_OPERATORS)
    .chain((operator) =>
      fc
        .array(operator.endsWith('~') ? expression : text, { minLength: 1, maxLength: 3 })
        .map((values): Stage => ({ kind: 'line', operator, values })),
    ),
  fc.constantFrom(...PARSERS).map((parser): Stage => ({ kind: 'parser', name: parser })),
  condition(2).map((one): Stage => ({ kind: 'filter', condition: one })),
)

const selection: fc.Arbitrary<LogSelection> = fc.record({
  matchers: fc.array(matcher, { maxLength: 3 }),
  stages: fc.array(stage, { maxLength: 4 }),
})

const grouping = fc.option(
  fc.record({ kind: fc.constantFrom('by', 'without'), labels: fc.array(name, { maxLength: 3 }) }),
  { nil: undefined },
)

function metric(depth: number): fc.Arbitrary<Metric> {
  const range = fc
    .record({
      name: fc.constantFrom(...RANGE_FUNCTIONS),
      selection,
      rangeMs: fc.integer({ min: 1_000, max: 86_400_000 }),
    })
    .map((one): Metric => ({ kind: 'range', ...one }))
  if (depth === 0) return range
  const aggregation = fc
    .record({ name: fc.constantFrom(...AGGREGATIONS), grouping, of: metric(depth - 1) })
    .map((one): Metric => ({ kind: 'aggregation', ...one }) as Metric)
  return fc.oneof(range, aggregation)
}

export const logqlQuery: fc.Arbitrary<LogqlQuery> = fc.oneof(
  selection.map((one): LogqlQuery => ({ kind: 'logs', selection: one })),
  metric(2).map((one): LogqlQuery => ({ kind: 'metric', metric: one })),
)

/** A way to write the tree, as a reader would. */
export function writeLogql(query: LogqlQuery): string {
  return query.kind === 'logs' ? writeSelection(query.selection) : writeMetric(query.metric)
}

function writeMetric(one: Metric): string {
  if (one.kind === 'range') return `${one.name} ( ${writeSelection(one.selection)}[${one.rangeMs}ms] )`
  const group = one.grouping ? `${one.grouping.kind}(${one.grouping.labels.join(' , ')})` : ''
  return one.name.length % 2
    ? `${one.name} ${group} (${writeMetric(one.of)})`
    : `${one.name}(${writeMetric(one.of)})${group}`
}

function writeSelection({ matchers, stages }: LogSelection): string {
  const selector = matchers.map((one) => `${one.name} ${one.operator} ${literal(one.value)}`)
  return [`{${selector.join(',')}}`, ...stages.map(writeStage)].join('')
}

function writeStage(one: Stage): string {
  if (one.kind === 'line') return `${one.operator}${one.values.map(literal).join('or')}`
  return one.kind === 'parser' ? `|${one.name} ` : `|${writeCondition(one.condition)}`
}

function writeCondition(one: Condition): string {
  if (one.kind === 'text') return `${one.name}${one.operator}${literal(one.value)}`
  if (one.kind === 'number') return `${one.name}${one.operator}${one.value} `
  return one.terms.map((term) => `(${writeCondition(term)})`).join(one.kind)
}

/** In backticks where that can be, else as JSON writes it. */
function literal(value: string): string {
  return value.includes('`') || value.includes('\r') ? JSON.stringify(value) : `\`${value}\``
}

/** Pieces of LogQL and of what is none, in any order. */
export const soup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...['{', '}', '(', ')', '[', ']', ',', '|', '=', '!=', '=~', '!~', '|=', '|~', '|>', '"', '`', "'", '\\', '#'],
        ...['{}', '{run_id="run-b"}', 'or', 'and', 'unless', 'by', 'sum', 'rate', 'json', 'offset', '5m', '[5m]', '\n'],
        ...['{stream="stdout"}', '"line"', 'level="error"', 'label_replace', 'vector(1)', '/*', '//', '-', '\\u0022'],
      ),
      fc.string({ maxLength: 3, unit: 'binary' }),
    ),
    { maxLength: 24 },
  )
  .map((pieces) => pieces.join(''))
