// A line in the snake_case of the product's origin.

import type { StoredLog } from '@runlight/contracts/api'
import type { UnifiedLog } from '@runlight/contracts/api-unified'
import { memberText } from '@runlight/contracts/raw-json'
import { jsonWith } from '../http/json.ts'
import type { Json } from '../http/json.ts'
import type { StoredLine } from '../store/log-lines.ts'

/** The same line under other names. Its metadata are passed on as they are, with all digits of their numbers. */
export function unifiedLine({ json }: Pick<StoredLine, 'json'>): Json<UnifiedLog> {
  const { type, runId, taskRunId, component, timestamp, level, stream, message, metadata } = JSON.parse(
    json,
  ) as StoredLog
  const line: Omit<UnifiedLog, 'metadata'> = {
    type,
    ...(runId !== undefined && { job_run_id: runId }),
    ...(taskRunId !== undefined && { task_run_id: taskRunId }),
    ...(component !== undefined && { component }),
    ...{ timestamp, level, stream, message },
  }
  return jsonWith<UnifiedLog>(line, { metadata: metadata && memberText(json, 'metadata') })
}
