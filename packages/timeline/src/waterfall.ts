// A timeline as plain text for a terminal: one line for each node, with a bar for when it ran.

import { formatDuration } from './durations.ts'
import type { ExecutionSpan, NodeSpan, NodeState, Timeline } from './spans.ts'
import { timeAxis } from './time-axis.ts'
import type { TimeAxis } from './time-axis.ts'

export interface WaterfallOptions {
  /** Columns of the terminal; no line is longer. At least 40 are used. */
  width: number
  /** ANSI colours. */
  colour: boolean
}

type Paint = (state: NodeState | ExecutionSpan['state'], text: string) => string

const SYMBOLS: { readonly [S in NodeState]: string } = {
  WAITING: ' ',
  SCHEDULED: '·',
  RUNNING: '▸',
  RETRYING: '↻',
  COMPLETED: '✓',
  FAILED: '✗',
  TIMED_OUT: '✗',
  CANCELLED: '⊘',
  SKIPPED: '–',
  ABANDONED: '?',
}

/** SGR codes: https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ */
const COLOURS: Readonly<Record<string, number>> = {
  COMPLETED: 32,
  RUNNING: 36,
  RETRYING: 33,
  CANCELLED: 33,
  TERMINATED: 33,
  ABANDONED: 33,
  FAILED: 31,
  TIMED_OUT: 31,
  SKIPPED: 90,
  WAITING: 90,
  SCHEDULED: 90,
  QUEUED: 90,
}

const LEAST_WIDTH = 40
const LEAST_BAR = 10

/** Lines without a line end at the last; every execution has a head, its nodes in their order, and what went wrong. */
export function renderWaterfall(timeline: Timeline, options: WaterfallOptions): string {
  const width = Math.max(LEAST_WIDTH, options.width)
  const paint: Paint = (state, text) => (options.colour ? `\u001b[${COLOURS[state] ?? 39}m${text}\u001b[39m` : text)
  const several = timeline.executions.length > 1
  return timeline.executions
    .flatMap((execution) => renderExecution(timeline, execution, { width, paint, several }))
    .join('\n')
}

interface Frame {
  width: number
  paint: Paint
  several: boolean
}

function renderExecution({ runId }: Timeline, execution: ExecutionSpan, { width, paint, several }: Frame): string[] {
  const axis = timeAxis(execution)
  const notes = execution.nodes.map((node) => noteOf(node))
  const noteWidth = Math.max(0, ...notes.map((note) => note.length))
  const longest = Math.max(4, ...execution.nodes.map((node) => [...node.nodeRef].length))
  const nameWidth = Math.max(4, Math.min(longest, width - noteWidth - LEAST_BAR - 4, Math.floor(width * 0.4)))
  const barWidth = Math.max(1, width - 2 - nameWidth - 1 - 1 - noteWidth)

  const state = execution.state.replaceAll('_', ' ').toLowerCase()
  const title = `${runId}${several ? ` #${execution.execution}` : ''}`
  const length = execution.duration === undefined ? '' : ` in ${formatDuration(execution.duration)}`
  const heading = `${state}${length}`
  const lines = [`${fit(title, width - heading.length - 2)}  ${paint(execution.state, heading)}`]
  execution.nodes.forEach((node, index) => {
    const name = fit(node.nodeRef, nameWidth).padEnd(nameWidth)
    const symbol = paint(node.state, SYMBOLS[node.state])
    lines.push(`${symbol} ${name} ${bar(node, axis, barWidth, paint)} ${fit(notes[index] ?? '', noteWidth)}`.trimEnd())
    const wrong = node.state === 'COMPLETED' ? undefined : node.error
    if (wrong) lines.push(`  ${paint(node.state, fit(`↳ ${wrong.type}: ${wrong.message}`, width - 2))}`)
  })
  const { error } = execution
  if (error) lines.push(paint(execution.state, fit(`${error.type}: ${error.message}`, width)))
  return lines
}

function noteOf(node: NodeSpan): string {
  const attempts = node.attempts.length > 1 ? ` (${node.attempts.length} attempts)` : ''
  const length = node.duration === undefined ? '' : formatDuration(node.duration)
  if (node.state === 'COMPLETED') return `${length}${attempts}`.trim()
  const word = node.state.replaceAll('_', ' ').toLowerCase()
  return `${word}${length && ` ${length}`}${attempts}`
}

/** Waiting in a queue is dotted, an attempt that failed is hatched, what ran is solid. */
function bar(node: NodeSpan, axis: TimeAxis, width: number, paint: Paint): string {
  const cells = new Array<string>(width).fill(' ')
  const draw = (from: bigint, to: bigint, glyph: string): void => {
    const [first, last] = axis.columns(from, to, width)
    cells.fill(glyph, first, last)
  }
  for (const { start, ready, end, state } of node.attempts) {
    if (ready !== undefined) draw(ready, start ?? end ?? axis.end, paint('SCHEDULED', '·'))
    if (start !== undefined)
      draw(start, end ?? axis.end, paint(state, state === 'COMPLETED' || state === 'RUNNING' ? '█' : '▒'))
  }
  return cells.join('')
}

/** At most `width` characters of one line; what could steer a terminal is taken out. */
function fit(text: string, width: number): string {
  // eslint-disable-next-line no-control-regex
  const characters = [...text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')]
  return characters.length <= width ? characters.join('') : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}
