// Which records share a label set: told without building it for each of them.

import type { LogEntry } from '@runlight/contracts/log-entry'

/**
 * A text that is equal for two entries of one partition only if their organisation and their labels are, in every mode
 * of labels. Names hold no control characters, so a line feed separates them.
 */
export function streamKey({ type, orgId, workflowId, runId, nodeRef, component, stream }: LogEntry): string {
  if (type === 'system') return `${orgId ?? ''}\n${component ?? ''}\n${stream}`
  return `${orgId ?? ''}\n${workflowId ?? ''}\n${runId ?? ''}\n${nodeRef ?? ''}\n${stream}`
}
