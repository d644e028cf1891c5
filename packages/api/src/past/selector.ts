// What lines of the past are asked of Loki: a scope and its filters as LogQL.

import type { LabelMode } from '@runlight/contracts/labels'
import { LABELS, STRUCTURED_METADATA, quoteLabelValue } from '@runlight/contracts/labels'
import type { LogType } from '@runlight/contracts/log-entry'
import type { LogFilters } from '../store/log-lines.ts'
import type { LogScope } from '../store/scope.ts'

/** The query of a scope in one tenant. Names of streams hold nothing that a regular expression could take for its own. */
export function pastQuery(scope: LogScope, tenant: string, mode: LabelMode, filters: LogFilters): string {
  const { nodeRefs, attempt, execution, levels, streams } = filters
  const labels: string[] = []
  const pipeline: string[] = []
  const equals = (name: string, value: string | number) => `${name}=${quoteLabelValue(String(value))}`
  const matches = (name: string, values: readonly string[]) =>
    `${name}=~${quoteLabelValue(values.map(quoteMeta).join('|'))}`
  const isNode = (name: string, [first = '', ...others]: readonly string[]) =>
    others.length === 0 ? equals(name, first) : matches(name, [first, ...others])
  if (scope.kind === 'components') {
    labels.push(scope.names ? matches(LABELS.component, scope.names) : `${LABELS.component}=~".+"`)
  } else if (scope.kind === 'all') {
    addAll(scope.type, tenant, mode, labels, pipeline)
  } else if (mode === 'perRun') {
    labels.push(equals(LABELS.runId, scope.runId))
    if (nodeRefs) labels.push(isNode(LABELS.node, nodeRefs))
  } else {
    labels.push(equals(LABELS.org, tenant))
    pipeline.push(equals(STRUCTURED_METADATA.runId, scope.runId))
    if (nodeRefs) pipeline.push(isNode(STRUCTURED_METADATA.node, nodeRefs))
  }
  if (streams) labels.push(matches(LABELS.stream, streams))
  if (levels) pipeline.push(matches(STRUCTURED_METADATA.level, levels))
  if (attempt !== undefined) pipeline.push(equals(STRUCTURED_METADATA.attempt, attempt))
  if (execution !== undefined) pipeline.push(equals(STRUCTURED_METADATA.execution, execution))
  return [`{${labels.join(',')}}`, ...pipeline].join(' | ')
}

/** All lines of a tenant, or those of one type: which type a line has is told by what it is labelled with. */
function addAll(
  type: LogType | undefined,
  tenant: string,
  mode: LabelMode,
  labels: string[],
  pipeline: string[],
): void {
  const { component, runId, node, org, shard } = LABELS
  if (type === undefined) labels.push(`${shard}=~".+"`)
  else if (type === 'system') labels.push(`${component}=~".+"`)
  else if (mode === 'perRun') labels.push(`${runId}=~".+"`, `${node}${type === 'job' ? '=' : '!='}""`)
  else {
    labels.push(`${org}=${quoteLabelValue(tenant)}`)
    pipeline.push(`${STRUCTURED_METADATA.node}${type === 'job' ? '=' : '!='}""`)
  }
}

/** A text as a regular expression of RE2 that matches it and nothing else. */
export function quoteMeta(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}
