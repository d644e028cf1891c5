// What is taken of LogQL, as a tree. Texts are decoded: no piece of the reader's own writing is kept.

/** Labels that a stream selector may name: those that a run's streams have in both label modes. */
export const SELECTOR_LABELS = ['run_id', 'node', 'stream', 'shard', 'late'] as const
export type SelectorLabel = (typeof SELECTOR_LABELS)[number]

export const TEXT_OPERATORS = ['=', '!=', '=~', '!~'] as const
export type TextOperator = (typeof TEXT_OPERATORS)[number]

export const NUMBER_OPERATORS = ['==', '!=', '>', '>=', '<', '<='] as const
export type NumberOperator = (typeof NUMBER_OPERATORS)[number]

export const LINE_OPERATORS = ['|=', '!=', '|~', '!~'] as const
export type LineOperator = (typeof LINE_OPERATORS)[number]

export const PARSERS = ['json', 'logfmt'] as const
export type ParserName = (typeof PARSERS)[number]

export const RANGE_FUNCTIONS = ['rate', 'count_over_time', 'bytes_rate', 'bytes_over_time'] as const
export type RangeFunction = (typeof RANGE_FUNCTIONS)[number]

export const AGGREGATIONS = ['sum', 'min', 'max', 'avg', 'count'] as const
export type Aggregation = (typeof AGGREGATIONS)[number]

/** `run_id` is not among them: the run is given by the address, and the parser takes no other. */
export interface Matcher {
  name: Exclude<SelectorLabel, 'run_id'>
  operator: TextOperator
  value: string
}

export type Condition =
  | { kind: 'text'; name: string; operator: TextOperator; value: string }
  /** `value`: a number, a duration or a size as it is written, of digits, points and units only. */
  | { kind: 'number'; name: string; operator: NumberOperator; value: string }
  | { kind: 'and' | 'or'; terms: readonly Condition[] }

export type Stage =
  | { kind: 'line'; operator: LineOperator; values: readonly string[] }
  | { kind: 'parser'; name: ParserName }
  | { kind: 'filter'; condition: Condition }

export interface LogSelection {
  matchers: readonly Matcher[]
  stages: readonly Stage[]
}

export interface Grouping {
  kind: 'by' | 'without'
  labels: readonly string[]
}

export type Metric =
  | { kind: 'range'; name: RangeFunction; selection: LogSelection; rangeMs: number }
  | { kind: 'aggregation'; name: Aggregation; grouping: Grouping | undefined; of: Metric }

export type LogqlQuery = { kind: 'logs'; selection: LogSelection } | { kind: 'metric'; metric: Metric }
