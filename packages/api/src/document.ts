// What the API offers, as the OpenAPI document that `npm run generate` writes down; clients are typed from it.

import manifest from '../package.json' with { type: 'json' }
import { openApiDocument } from './http/openapi.ts'
import type { Live } from './live/live.ts'
import { apiRoutes, streamRoutes } from './server.ts'
import type { ApiSources } from './server.ts'

/** The document of this version, as `/openapi.json` answers it. Nothing is connected: routes are only described. */
export function apiDocument(): Record<string, unknown> {
  const sources = {} as ApiSources
  const live = {} as Live
  return openApiDocument(apiRoutes(sources, live), streamRoutes(sources, live), manifest.version)
}
