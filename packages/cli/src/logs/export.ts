// Lines as data: JSON, JSON lines, CSV. Written as they come, so that memory stays flat.

import type { StoredLog } from '@runlight/contracts/api'

export const EXPORT_FORMATS = ['json', 'csv', 'ndjson'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export interface Exporter {
  /** Before the first line; undefined: nothing. */
  head: string | undefined
  /** `index` counts from 0. */
  line: (log: StoredLog, index: number) => string
  tail: string | undefined
}

export function exporter(format: ExportFormat): Exporter {
  switch (format) {
    case 'ndjson':
      return { head: undefined, line: (log) => JSON.stringify(log), tail: undefined }
    case 'json':
      return { head: '[', line: (log, index) => (index === 0 ? ' ' : ',') + JSON.stringify(log), tail: ']' }
    case 'csv':
      return { head: COLUMNS.map(([name]) => name).join(), line: csvLine, tail: undefined }
  }
}

const COLUMNS: readonly (readonly [name: string, value: (log: StoredLog) => unknown])[] = [
  ['effectiveTs', (log) => log.effectiveTs],
  ['timestamp', (log) => log.timestamp],
  ['type', (log) => log.type],
  ['component', (log) => log.component],
  ['runId', (log) => log.runId],
  ['execution', (log) => log.execution],
  ['nodeRef', (log) => log.nodeRef],
  ['attempt', (log) => log.attempt],
  ['level', (log) => log.level],
  ['stream', (log) => log.stream],
  ['message', (log) => log.message],
  ['metadata', (log) => log.metadata && JSON.stringify(log.metadata)],
  ['producerId', (log) => log.producer?.id],
  ['producerSeq', (log) => log.producer?.seq],
  ['position', (log) => log.position],
]

function csvLine(log: StoredLog): string {
  return COLUMNS.map(([, value]) => csvField(value(log))).join()
}

/** https://www.rfc-editor.org/rfc/rfc4180 */
function csvField(value: unknown): string {
  if (value === undefined) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
