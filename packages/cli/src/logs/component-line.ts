// How the lines of components look: one colour and prefix for each, errors stand out.

import type { StoredLog } from '@runlight/contracts/api'
import { LEVEL_STYLES } from '../commands/format.ts'
import type { Output, Style } from '../output.ts'

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

/** What a warning says beside its message is cut here. */
const MOST_DETAIL = 400

/** What is the same in every line of a service, and tells nothing here. */
const PLAIN: ReadonlySet<string> = new Set(['component', 'instance', 'thread', 'logger', 'severity', 'pid'])

export interface LineLook {
  timestamps: boolean
  /** The component before each line. */
  prefix: boolean
}

/** Gives the text of a line; a line of several rows has its prefix before each. */
export function componentLines(
  output: Output,
  components: readonly string[],
  { timestamps, prefix }: LineLook,
): (log: StoredLog) => string {
  const sorted = [...components].sort()
  const width = Math.max(0, ...sorted.map((name) => name.length))
  let timeWidth = 0
  return (log) => {
    const name = log.component ?? ''
    const known = sorted.indexOf(name)
    const colour = COLOURS[(known < 0 ? sorted.length : known) % COLOURS.length] as Style
    timeWidth = Math.max(timeWidth, log.effectiveTs.length)
    const head =
      (prefix ? `${output.paint(colour, `${name.padEnd(width)} |`)} ` : '') +
      (timestamps ? `${output.paint('gray', log.effectiveTs.padEnd(timeWidth))} ` : '')
    const rows = log.message.split('\n').map((row) => (log.level === 'error' ? output.paint('red', row) : row))
    const level = log.level === 'info' ? '' : `${output.paint(LEVEL_STYLES[log.level], log.level.toUpperCase())} `
    rows[0] = level + rows[0] + detail(output, log)
    return rows.map((row) => head + row).join('\n')
  }
}

/** What was said beside the message, where something went wrong. */
function detail({ paint }: Output, { level, metadata = {} }: StoredLog): string {
  if (level !== 'warn' && level !== 'error') return ''
  const fields = Object.entries(metadata).filter(([name]) => !PLAIN.has(name))
  if (fields.length === 0) return ''
  const text = fields.map(([name, value]) => `${name}=${valueText(value)}`).join(' ')
  return ` ${paint('gray', text.length > MOST_DETAIL ? `${text.slice(0, MOST_DETAIL)}…` : text)}`
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return /[\s"]/.test(value) || value === '' ? JSON.stringify(value) : value
  return JSON.stringify(value) ?? ''
}
