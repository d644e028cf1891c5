// Rows of `workflow_traces`.

import type { EventBatch } from '@runlight/bridge-core/sink'
import { storedOrg } from '@runlight/contracts/organisation'
import { NULL, copyOptional, copyText, copyTextArray } from './copy.ts'
import { identityColumns, jsonColumn, positionColumns, timeColumns } from './row-text.ts'

export type EventRecord = EventBatch['records'][number]

/** One row in the order of `TABLES.workflow_traces.columns`. */
export function eventRow(
  record: EventRecord,
  sequence: bigint,
  { topic, partition, generation }: Pick<EventBatch, 'topic' | 'partition' | 'generation'>,
): string {
  const { body, offset } = record
  const columns = [
    copyText(body.runId),
    String(sequence),
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
  return columns.join('\t')
}
