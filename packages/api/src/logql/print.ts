// A tree as LogQL again, bound to one run: every word is written here, every text quoted anew.

import type { LabelMode } from '@runlight/contracts/labels'
import { LABELS, STRUCTURED_METADATA } from '@runlight/contracts/labels'
import type { Condition, Grouping, LogSelection, LogqlQuery, Matcher, Metric, Stage } from './tree.ts'

/** What a query is narrowed to, whatever it asks for. */
export interface Binding {
  labels: LabelMode
  /** Organisation of the run: also the tenant that is asked. */
  org: string
  runId: string
  nodeRef: string | undefined
  attempt: number | undefined
}

export function printLogql(query: LogqlQuery, binding: Binding): string {
  return query.kind === 'logs' ? printSelection(query.selection, binding) : printMetric(query.metric, binding)
}

/** What names single lines: with these as labels each line would be a series of its own. */
const OF_ONE_LINE = [
  STRUCTURED_METADATA.position,
  STRUCTURED_METADATA.seq,
  STRUCTURED_METADATA.ownTime,
  STRUCTURED_METADATA.generation,
]

function printMetric(metric: Metric, binding: Binding): string {
  if (metric.kind === 'range') {
    const selection = printSelection(metric.selection, binding)
    return `${metric.name}(${selection} | drop ${OF_ONE_LINE.join(',')} [${metric.rangeMs}ms])`
  }
  return `${metric.name}${printGrouping(metric.grouping)}(${printMetric(metric.of, binding)})`
}

function printGrouping(grouping: Grouping | undefined): string {
  return grouping ? ` ${grouping.kind} (${grouping.labels.join(',')}) ` : ''
}

function printSelection({ matchers, stages }: LogSelection, binding: Binding): string {
  const { labels, org, runId, nodeRef, attempt } = binding
  const selector: string[] = []
  // What binds comes before everything that the reader asked for: a parser could put another value under the name.
  const bound: string[] = []
  const equals = (name: string, value: string) => `${name}=${quote(value)}`
  if (labels === 'perRun') {
    selector.push(equals(LABELS.runId, runId))
    if (nodeRef !== undefined) selector.push(equals(LABELS.node, nodeRef))
    selector.push(...matchers.map(printMatcher))
  } else {
    selector.push(equals(LABELS.org, org))
    bound.push(equals(STRUCTURED_METADATA.runId, runId))
    if (nodeRef !== undefined) bound.push(equals(STRUCTURED_METADATA.node, nodeRef))
    for (const matcher of matchers) (matcher.name === 'node' ? bound : selector).push(printMatcher(matcher))
  }
  if (attempt !== undefined) bound.push(equals(STRUCTURED_METADATA.attempt, String(attempt)))
  return [`{${selector.join(',')}}`, ...bound.map((filter) => `| ${filter}`), ...stages.map(printStage)].join(' ')
}

function printMatcher({ name, operator, value }: Matcher): string {
  return `${name}${operator}${quote(value)}`
}

function printStage(stage: Stage): string {
  if (stage.kind === 'line') return `${stage.operator} ${stage.values.map(quote).join(' or ')}`
  return stage.kind === 'parser' ? `| ${stage.name}` : `| ${printCondition(stage.condition)}`
}

function printCondition(condition: Condition): string {
  if (condition.kind === 'text') return `${condition.name}${condition.operator}${quote(condition.value)}`
  if (condition.kind === 'number') return `${condition.name} ${condition.operator} ${condition.value}`
  const terms = condition.terms.map((term) =>
    term.kind === 'and' || term.kind === 'or' ? `(${printCondition(term)})` : printCondition(term),
  )
  return terms.join(` ${condition.kind} `)
}

/** A text as LogQL's literal, of printable ASCII alone. */
export function quote(text: string): string {
  let literal = '"'
  for (const character of text) {
    const code = character.codePointAt(0) as number
    if (character === '"' || character === '\\') literal += `\\${character}`
    else if (code >= 0x20 && code < 0x7f) literal += character
    else if (code > 0xffff) literal += `\\U${code.toString(16).padStart(8, '0')}`
    else literal += `\\u${code.toString(16).padStart(4, '0')}`
  }
  return `${literal}"`
}
