// The filters of a list, for lines that are in memory already.

import type { LineFields, LogFilters } from '../store/log-lines.ts'
import type { LogScope } from '../store/scope.ts'

export type LineMatcher = (line: LineFields) => boolean

/** Which lines of the scope pass the filters. */
export function lineMatcher(scope: LogScope, filters: LogFilters): LineMatcher {
  const { nodeRefs, attempt, execution, levels, streams, grep } = filters
  const names = scope.kind === 'components' ? scope.names : undefined
  const { orgId, type } = scope.kind === 'all' ? scope : { orgId: undefined, type: undefined }
  return (line) =>
    (orgId === undefined || line.orgId === orgId) &&
    (type === undefined || line.type === type) &&
    (filters.type === undefined || line.type === filters.type) &&
    (!nodeRefs || (line.nodeRef !== undefined && nodeRefs.includes(line.nodeRef))) &&
    (attempt === undefined || line.attempt === attempt) &&
    (execution === undefined || line.execution === execution) &&
    (!levels || levels.includes(line.level)) &&
    (!streams || streams.includes(line.stream)) &&
    (!names || (line.component !== undefined && names.includes(line.component))) &&
    (!grep || grep(line.message))
}
