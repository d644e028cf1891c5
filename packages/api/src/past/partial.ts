// Lines of which Loki knows less than the hot store did.

import type { Degradation } from '@runlight/contracts/execution-status'
import type { StoredLine } from '../store/log-lines.ts'

/** Lines that are known by their message and labels alone: Loki was given no more of them (`RUNLIGHT_LOKI_LINES=plain`). */
export function partialLines(lines: readonly StoredLine[]): Degradation[] {
  if (!lines.some(({ partial }) => partial)) return []
  const reason =
    'It holds the older of these lines as plain text: their metadata and trace are not known any more, nor a workflow that is no label'
  return [{ component: 'loki', reason }]
}
