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
  const oneOf = (name: string, values: readonly string[]) =>
    values.length === 1
      ? equals(name, values[0] as string)
      : `${name}=~${quoteLabelValue(values.map(quoteMeta).join('|'))}`
  if (scope.kind === 'components') {
    const names = scope.names?.map(quoteMeta).join('|') ?? '.+'
    labels.push(`${LABELS.component}=~${quoteLabelValue(names)}`)
  } else if (scope.kind === 'all') {
    addAll(scope.type, tenant, mode, labels, pipeline)
  } else if (mode === 'perRun') {
    labels.push(equals(LABELS.runId, scope.runId))
    if (nodeRefs) labels.push(oneOf(LABELS.node, nodeRefs))
  } else {
    labels.push(equals(LABELS.org, tenant))
    pipeline.push(equals(STRUCTURED_METADATA.runId, scope.runId))
    if (nodeRefs) pipeline.push(oneOf(STRUCTURED_METADATA.node, nodeRefs))
  }
  if (streams) labels.push(`${LABELS.stream}=~${quoteLabelValue(streams.map(quoteMeta).join('|'))}`)
  if (levels) pipeline.push(`${STRUCTURED_METADATA.level}=~${quoteLabelValue(levels.join('|'))}`)
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
