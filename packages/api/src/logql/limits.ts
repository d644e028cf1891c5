// How large a query may be, and the words with which a refusal says what is allowed.

import { ParameterError } from '../http/problem.ts'
import { AGGREGATIONS, LINE_OPERATORS, PARSERS, RANGE_FUNCTIONS, SELECTOR_LABELS } from './tree.ts'

/** Longest text of a query, in UTF-16 units. */
export const MAX_QUERY_LENGTH = 4_096
/** Brackets and aggregations inside one another. */
export const MAX_DEPTH = 16
export const MAX_MATCHERS = 16
export const MAX_STAGES = 24
/** Texts joined by `or` in one line filter, and comparisons in one label filter. */
export const MAX_ALTERNATIVES = 16
export const MAX_LABELS = 16
export const MAX_NAME_LENGTH = 128
export const MAX_STRING_LENGTH = 1_024
/** Longest regular expression, and the most instructions that it may compile to. */
export const MAX_EXPRESSION_LENGTH = 256
export const MAX_EXPRESSION_SIZE = 500
/** Of a metric query: what stands in square brackets, in milliseconds. */
export const MIN_RANGE_MS = 1_000
export const MAX_RANGE_MS = 24 * 3_600_000

const ALLOWED =
  `Allowed are a selector over ${SELECTOR_LABELS.join(', ')}; the line filters ${LINE_OPERATORS.join(' ')}; ` +
  `| ${PARSERS.join(', | ')}; label filters joined by and, or and brackets; around these ` +
  `${RANGE_FUNCTIONS.join(', ')} over a [range], and ${AGGREGATIONS.join(', ')} with by or without.`

/** The query leaves the subset. */
export class LogqlError extends ParameterError {
  /** @param position where, in UTF-16 units from 0; undefined where only Loki could tell */
  constructor(position: number | undefined, what: string) {
    const where = position === undefined ? '' : ` from position ${position} on`
    super('query', `The parameter query cannot be taken${where}: ${what}. ${ALLOWED}`, 'RL_LOGQL_INVALID', position)
  }
}
