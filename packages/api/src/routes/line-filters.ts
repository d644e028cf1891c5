// Parameters by which lines are chosen, and the query that they make.

import { NodeRef } from '@runlight/contracts/identifiers'
import { LOG_LEVELS } from '@runlight/contracts/log-entry'
import Type from 'typebox'
import { ParameterError } from '../http/problem.ts'
import { MAX_GREP_LENGTH, compileGrep } from '../logs/grep.ts'
import { resolveMoment } from '../logs/moment.ts'
import type { LogQuery } from '../logs/page.ts'
import type { StatusSources } from '../status/read.ts'
import { scopeIdentity } from '../store/scope.ts'
import type { LogScope } from '../store/scope.ts'
import { DEFAULT_LIMIT, PAGE_BYTES } from './parameters.ts'

/** Most lines that a filter may look at for one page: about as much work as a large page without a filter. */
const SCAN_LINES = 20_000

const anyOf = (one: string) => `^(?:${one})(?:,(?:${one}))*$`
const STREAM = '[a-z][a-z0-9_-]{0,31}'

export const moment = (description: string) =>
  Type.Optional(
    Type.String({
      minLength: 2,
      maxLength: 40,
      description: `${description}: RFC 3339, or how long ago, such as \`15m\``,
    }),
  )

export const LineFilters = {
  level: Type.Optional(Type.String({ pattern: anyOf(LOG_LEVELS.join('|')), description: 'Levels, comma-separated' })),
  stream: Type.Optional(
    Type.String({ pattern: anyOf(STREAM), maxLength: 256, description: 'Streams, comma-separated' }),
  ),
  since: moment('Earliest time'),
  until: moment('Latest time'),
  grep: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_GREP_LENGTH,
      description: "Regular expression in RE2's syntax; only lines whose message has a match",
    }),
  ),
}

/** Most names in one list. */
const MAX_NAMES = 50

export const ComponentNames = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 4096,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description: 'Components, comma-separated; all of them if not given',
  }),
)

/** Their names may hold commas, so it is given again for each. */
export const NodeRefs = Type.Optional(
  Type.Array(NodeRef, {
    minItems: 1,
    maxItems: MAX_NAMES,
    description: 'The node; repeat the parameter for several nodes',
  }),
)

/** The lines of the components that are named. @throws ParameterError */
export function componentScope(names: string | undefined): LogScope {
  if (names === undefined) return { kind: 'components', names: undefined }
  const list = [...new Set(names.split(','))].sort()
  if (list.some((name) => name === '' || name.length > 256) || list.length > MAX_NAMES) {
    throw new ParameterError(
      'component',
      `The parameter component must be a comma-separated list of at most ${MAX_NAMES} names without empty ones.`,
    )
  }
  return { kind: 'components', names: list }
}

export interface LineParameters {
  level?: string
  stream?: string
  since?: string
  until?: string
  grep?: string
  nodeRef?: readonly string[]
  attempt?: number
  direction?: 'forward' | 'backward'
  cursor?: string
  limit?: number
}

/** What to read for the parameters. @throws ParameterError */
export function lineQuery({ topics, past }: StatusSources, scope: LogScope, parameters: LineParameters): LogQuery {
  const { attempt, level, stream, since, until, grep, direction = 'forward', cursor, limit } = parameters
  const nodeRefs = parameters.nodeRef && [...new Set(parameters.nodeRef)].sort()
  return {
    scope,
    topic: topics.logs,
    past,
    filters: { nodeRefs, attempt, levels: level?.split(','), streams: stream?.split(','), grep: compileGrep(grep) },
    bounds: { since: resolveMoment('since', since), until: resolveMoment('until', until) },
    direction,
    cursor,
    // No name of a node holds a line end.
    list: [...scopeIdentity(scope), direction, nodeRefs?.join('\n'), attempt, level, stream, since, until, grep],
    limits: { lines: limit ?? DEFAULT_LIMIT, bytes: PAGE_BYTES, scan: SCAN_LINES },
  }
}
