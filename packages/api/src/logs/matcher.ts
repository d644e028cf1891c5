// The filters of a list, for lines that are in memory already: all but `grep`, which may cost a thousand times as much.

import type { LineFields, LogFilters, StoredLine } from '../store/log-lines.ts'
import type { LogScope } from '../store/scope.ts'

export type LineMatcher = (line: Pick<StoredLine, 'fields'>) => boolean

/** Which lines of the scope pass the filters. Only what they ask for is looked at: a line takes it out of its JSON. */
export function lineMatcher(scope: LogScope, filters: LogFilters): LineMatcher {
  const { nodeRefs, attempt, execution, levels, streams } = filters
  const names = scope.kind === 'components' ? scope.names : undefined
  const { orgId, type } = scope.kind === 'all' ? scope : { orgId: undefined, type: undefined }
  const conditions: ((fields: LineFields) => boolean)[] = []
  const equals = <K extends keyof LineFields>(name: K, value: LineFields[K] | undefined) => {
    if (value !== undefined) conditions.push((fields) => fields[name] === value)
  }
  const isOneOf = (name: 'nodeRef' | 'level' | 'stream' | 'component', values: readonly string[] | undefined) => {
    if (values) conditions.push(({ [name]: value }) => value !== undefined && values.includes(value))
  }
  equals('orgId', orgId)
  equals('type', type)
  equals('type', filters.type)
  isOneOf('nodeRef', nodeRefs)
  equals('attempt', attempt)
  equals('execution', execution)
  isOneOf('level', levels)
  isOneOf('stream', streams)
  isOneOf('component', names)
  return (line) => conditions.every((holds) => holds(line.fields))
}
