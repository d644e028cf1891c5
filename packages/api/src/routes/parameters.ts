// Parameters that several routes share.

import { RunId } from '@runlight/contracts/identifiers'
import Type from 'typebox'
import { MAX_CURSOR_LENGTH } from '../cursor/sealed.ts'

export const RunPath = Type.Object({ runId: RunId })

export const DEFAULT_LIMIT = 100

export const Paging = {
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_CURSOR_LENGTH,
      description: '`nextCursor` of the page before, unchanged, with the same other parameters',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, default: DEFAULT_LIMIT, description: 'Most items of a page' }),
  ),
}

/** Of lists of lines. */
export const LinePaging = {
  ...Paging,
  cursor: Type.Optional(
    Type.String({
      ...Paging.cursor,
      description:
        '`nextCursor` of the page before, unchanged, with the same other parameters; or `end`: only what arrives from now on',
    }),
  ),
}

export const DirectionParameter = Type.Optional(
  Type.Enum(['forward', 'backward'], { default: 'forward', description: 'Oldest first, or newest first' }),
)

/** Most bytes of contents in one page; a page holds at least one item all the same. */
export const PAGE_BYTES = 4 * 1024 * 1024
