// How lines look: each component, and each node of a run, in a colour of its own; errors stand out; columns stay aligned.

import type { StoredLog } from '@runlight/contracts/api'
import type { Output, Style } from '../output.ts'
import { visibleText } from '../visible-text.ts'

const COLOURS: readonly Style[] = [
  'cyan',
  'green',
  'magenta',
  'blue',
  'cyanBright',
  'greenBright',
  'magentaBright',
  'blueBright',
]

const LEVEL_STYLES: { readonly [L in StoredLog['level']]: Style } = {
  debug: 'gray',
  info: 'reset',
  warn: 'yellow',
  error: 'red',
}

/** What a warning of a component says beside its message is cut here. */
const MOST_DETAIL = 400

/** What is the same in every line of a service, and tells nothing here. */
const PLAIN: ReadonlySet<string> = new Set(['component', 'instance', 'thread', 'logger', 'severity', 'pid'])

export interface LineLook {
  timestamps: boolean
  /** Who speaks, before each line. */
  prefix: boolean
  /** What is made to stand out in messages. */
  highlight?: RegExp | undefined
}

/** Gives the text of a line; a line of several rows has its head before each. */
export function lineView(
  output: Output,
  components: readonly string[] | undefined,
  look: LineLook,
): (log: StoredLog) => string {
  const { timestamps, prefix, highlight } = look
  const speaker = speakers(output, components)
  const message = messageView(output, highlight)
  let timeWidth = 0
  return (log) => {
    timeWidth = Math.max(timeWidth, log.effectiveTs.length)
    const name = prefix ? `${speaker(log)} ` : ''
    const time = timestamps ? `${output.paint('gray', log.effectiveTs.padEnd(timeWidth))} ` : ''
    // As people know it from docker compose, and for a run with its times first.
    const head = components ? name + time : time + name
    const level = log.level === 'info' ? '' : `${output.paint(LEVEL_STYLES[log.level], log.level.toUpperCase())} `
    const rows = visibleText(log.message, output.colour)
      .split('\n')
      .map((row) => message(row, log))
    rows[0] = level + rows[0] + (components ? detail(output, log) : '')
    return rows.map((row) => head + row).join('\n')
  }
}

/** Components are known beforehand; nodes of a run get their colours, and their column its width, as they appear. */
function speakers(output: Output, components: readonly string[] | undefined): (log: StoredLog) => string {
  const names = [...(components ?? [])].sort()
  let width = Math.max(0, ...names.map((name) => name.length))
  const colourOf = (name: string): Style => {
    if (!names.includes(name)) names.push(name)
    return COLOURS[names.indexOf(name) % COLOURS.length] as Style
  }
  return (log) => {
    const name = visibleText(components ? (log.component ?? '') : (log.nodeRef ?? 'run'), false)
    const attempt = !components && log.attempt !== undefined && log.attempt > 1 ? `#${log.attempt}` : ''
    width = Math.max(width, name.length + attempt.length)
    const shown = (name + attempt).padEnd(width)
    return output.paint(colourOf(name), components ? `${shown} |` : shown)
  }
}

function messageView(output: Output, highlight: RegExp | undefined): (row: string, log: StoredLog) => string {
  return (row, log) => {
    const stands = log.level === 'error' || (log.component === undefined && log.stream === 'stderr')
    const style = (text: string) => (stands && text !== '' ? output.paint('red', text) : text)
    if (!highlight) return style(row)
    let [text, at] = ['', 0]
    for (const { 0: match, index } of row.matchAll(highlight)) {
      if (match === '') continue
      text += style(row.slice(at, index)) + output.paint('inverse', match)
      at = index + match.length
    }
    return text + style(row.slice(at))
  }
}

/** What was said beside the message, where something went wrong. */
function detail({ paint, colour }: Output, { level, metadata = {} }: StoredLog): string {
  if (level !== 'warn' && level !== 'error') return ''
  const fields = Object.entries(metadata).filter(([name]) => !PLAIN.has(name))
  if (fields.length === 0) return ''
  const text = visibleText(fields.map(([name, value]) => `${name}=${valueText(value)}`).join(' '), colour)
  return ` ${paint('gray', text.length > MOST_DETAIL ? `${text.slice(0, MOST_DETAIL)}…` : text)}`
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return /[\s"]/.test(value) || value === '' ? JSON.stringify(value) : value
  return JSON.stringify(value) ?? ''
}
