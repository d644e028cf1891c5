// The contracts as Markdown tables.

import { DEAD_LETTER_REASONS } from '@runlight/contracts/dead-letter'
import type { Variable } from '@runlight/contracts/variable'
import { VARIABLES } from '@runlight/contracts/environment'
import type { ErrorCode } from '@runlight/contracts/errors'
import { ERROR_CODES } from '@runlight/contracts/errors'
import { streamLabels, structuredMetadata } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { METRICS } from '@runlight/contracts/metrics'
import type { Table } from '@runlight/contracts/tables'
import { TABLES } from '@runlight/contracts/tables'
import { SINKS, TOPICS, consumerGroup, replayTopic } from '@runlight/contracts/topics'
import type { TSchema } from 'typebox'
import { DECLARATIONS } from '../../stacks/settings/walk.ts'

/** A Markdown table; cells are escaped, columns are padded so that the source reads well too. */
function markdownTable(head: string[], rows: string[][]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => (row[column] ?? '').length)))
  const line = (row: string[]) => `| ${widths.map((width, i) => (row[i] ?? '').padEnd(width)).join(' | ')} |`
  const [first = [], ...rest] = cells
  return [line(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)].join('\n')
}

interface SchemaView {
  type?: string
  enum?: unknown[]
  description?: string
  pattern?: string
  minimum?: number
  items?: SchemaView
  properties?: Record<string, SchemaView>
  required?: string[]
}

/** Fields of an object schema: name, type, whether it is required, meaning. */
export function fieldTable(schema: TSchema): string {
  const { properties = {}, required = [] } = schema as SchemaView
  const rows = Object.entries(properties).map(([name, field]) => [
    `\`${name}\``,
    typeName(field),
    required.includes(name) ? 'yes' : '',
    field.description ?? '',
  ])
  return markdownTable(['field', 'type', 'required', 'meaning'], rows)
}

function typeName(field: SchemaView): string {
  if (field.enum) return field.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (field.type === 'array') return `list of ${field.items ? typeName(field.items) : 'any'}`
  if (field.properties) {
    const names = Object.keys(field.properties).map((name) =>
      field.required?.includes(name) ? `\`${name}\`` : `\`${name}?\``,
    )
    return `object: ${names.join(', ')}`
  }
  return field.type ?? 'any JSON'
}

export function topicTable(): string {
  return markdownTable(
    ['topic', 'key', 'holds', 'read by'],
    [
      [
        `\`${TOPICS.logs}\``,
        '`runId`, for system entries `component`',
        'LogEntry',
        SINKS.map((s) => `\`${consumerGroup(s)}\``).join(', '),
      ],
      [`\`${TOPICS.events}\``, '`runId`', 'TraceEvent', `\`${consumerGroup('postgres')}\``],
      [
        `\`${TOPICS.deadLetters}\``,
        '`<topic>/<partition>/<offset>` of the origin',
        'DeadLetter',
        `\`${consumerGroup('postgres')}\``,
      ],
      [
        SINKS.map((s) => `\`${replayTopic(s)}\``).join(', '),
        'as in the origin',
        'a record of the origin',
        'the sink that refused it',
      ],
      [`\`${TOPICS.generations}\``, 'topic', 'Generation (compacted)', 'bridges, provision'],
    ],
  )
}

export function labelTable(): string {
  const task: LogEntry = {
    schemaVersion: 1,
    type: 'task',
    orgId: 'acme',
    workflowId: 'dependency-audit',
    runId: 'shipsec-run-1',
    execution: 1,
    nodeRef: 'report',
    attempt: 1,
    timestamp: '2026-01-01T00:00:00Z',
    level: 'info',
    stream: 'stdout',
    message: '',
    producer: { id: 'p', seq: 7 },
  }
  const system: LogEntry = { ...task, type: 'system', component: 'loki' }
  const position = { generation: 'g', topic: TOPICS.logs, partition: 2, offset: 40n }
  const names = (pairs: readonly (readonly [string, string])[]) => pairs.map(([name]) => `\`${name}\``).join(', ')
  return markdownTable(
    ['entries', 'mode', 'labels', 'structured metadata'],
    [
      [
        'job, task',
        '`perRun`',
        names(streamLabels(task, 2, 'perRun')),
        names(structuredMetadata(task, position, 'perRun', false)),
      ],
      [
        'job, task',
        '`bounded`',
        names(streamLabels(task, 2, 'bounded')),
        names(structuredMetadata(task, position, 'bounded', false)),
      ],
      [
        'system',
        'both',
        names(streamLabels(system, 2, 'perRun')),
        names(structuredMetadata(system, position, 'perRun', false)),
      ],
    ],
  )
}

export function tableTables(): string {
  return Object.entries<Table>(TABLES)
    .map(([name, table]) => {
      const rows = Object.entries(table.columns).map(([column, { type, nullable, doc }]) => [
        `\`${column}\``,
        type,
        nullable ? 'null' : '',
        doc,
      ])
      const key = table.primaryKey.map((column) => `\`${column}\``).join(', ')
      return `### \`${name}\`\n\n${table.doc}. Key: ${key}.\n\n${markdownTable(['column', 'type', '', 'meaning'], rows)}`
    })
    .join('\n\n')
}

export function metricTable(): string {
  const rows = Object.values(METRICS).map(({ name, kind, labels, help }) => [
    `\`${name}\``,
    kind,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
  ])
  return markdownTable(['metric', 'kind', 'labels', 'meaning'], rows)
}

export function errorTable(): string {
  const rows = Object.entries<ErrorCode>(ERROR_CODES).map(([code, { title, next, status }]) => [
    `\`${code}\``,
    status === undefined ? '' : String(status),
    title,
    next,
  ])
  return markdownTable(['code', 'HTTP', 'what happened', 'what to do next'], rows)
}

export function deadLetterReasonTable(): string {
  return markdownTable(
    ['reason', 'meaning'],
    Object.entries(DEAD_LETTER_REASONS).map(([reason, meaning]) => [`\`${reason}\``, meaning]),
  )
}

export function environmentTable(): string {
  const rows = Object.values<Variable<unknown>>(VARIABLES).map(({ name, aliases = [], doc, fallback }) => [
    [name, ...aliases].map((each) => `\`${each}\``).join(', '),
    fallback === undefined ? 'required' : String(fallback ?? '') === '' ? 'none' : `\`${String(fallback)}\``,
    doc,
  ])
  return markdownTable(['variable (older names)', 'default', 'meaning'], rows)
}

/** Settings whose default is taken from something else, as their meaning says. */
const DERIVED: ReadonlySet<string> = new Set(['environment'])

export function settingsTable(): string {
  const rows = DECLARATIONS.map(({ path, description, unit = '', default: fallback, defaultIn = {} }) => {
    const others = Object.entries(defaultIn).map(([environment, value]) => `${environment}: \`${String(value)}\``)
    return [
      `\`${path}\``,
      [...(fallback === '' || DERIVED.has(path) ? [] : [`\`${String(fallback)}\``]), ...others].join(', '),
      unit,
      description,
    ]
  })
  return markdownTable(['setting', 'default', 'unit', 'meaning'], rows)
}
