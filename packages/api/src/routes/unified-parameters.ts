// Parameters of the unified-logging addresses: those of the other lists, in snake_case, and the page by its offset.

import { Attempt, OrgId } from '@runlight/contracts/identifiers'
import { LogType } from '@runlight/contracts/log-entry'
import Type from 'typebox'
import { LineFilters, NodeRefs } from './line-filters.ts'
import { DirectionParameter, Paging } from './parameters.ts'

/** Beyond this a cursor has to be used: an offset costs all the lines before it. */
export const MAX_OFFSET = 10_000

const offset = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: MAX_OFFSET,
    default: 0,
    description: `Lines to leave out first; beyond ${MAX_OFFSET} go on with \`next_cursor\` as \`cursor\``,
  }),
)

/** Of every list. */
export const ListParameters = {
  ...LineFilters,
  direction: DirectionParameter,
  ...Paging,
  cursor: Type.Optional(
    Type.String({
      ...Paging.cursor,
      description:
        '`next_cursor` of the page before, unchanged, with the same other parameters and without `offset`; or `end`: only what arrives from now on',
    }),
  ),
  offset,
}

export const NodeParameters = { node_ref: NodeRefs, attempt: Type.Optional(Attempt) }

export const TypeParameter = Type.Optional(LogType)

export const OrganisationParameter = Type.Optional(
  Type.String({ ...OrgId, description: 'Only lines of this organisation; `unassigned` for lines that name none' }),
)
