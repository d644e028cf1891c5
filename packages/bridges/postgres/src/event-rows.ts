// Rows of `workflow_traces`.

import type { EventBatch } from '@runlight/bridge-core/sink'
import { storedOrg } from '@runlight/contracts/organisation'
import { NULL, copyOptional, copyText, copyTextArray } from './copy.ts'
import { identityColumns, jsonColumn, positionColumns, timeColumns } from './row-text.ts'

export type EventRecord = EventBatch['records'][number]

/** A row without the number that it gets when it is stored. */
export interface EventRow {
  before: string
  after: string
}

/** One row in the order of `TABLES.workflow_traces.columns`. */
export function eventRow(
  record: EventRecord,
  { topic, partition, generation }: Pick<EventBatch, 'topic' | 'partition' | 'generation'>,
): EventRow {
  const { body, offset } = record
  const after = [
    storedOrg(body.orgId),
    copyOptional(body.workflowId),
    String(body.execution),
    copyOptional(body.nodeRef),
    String(body.attempt),
    body.type,
    body.level,
    copyText(body.message),
    ...timeColumns(record),
    jsonColumn(record, 'error', body.error),
    jsonColumn(record, 'outputSummary', body.outputSummary),
    jsonColumn(record, 'data', body.data),
    body.causes ? copyTextArray(body.causes) : NULL,
    ...identityColumns(body.producer, { generation, topic, partition, offset }),
    ...positionColumns(record, partition),
  ]
  return { before: copyText(body.runId), after: after.join('\t') }
}

export function numberedRow({ before, after }: EventRow, sequence: bigint): string {
  return `${before}\t${sequence}\t${after}`
}
