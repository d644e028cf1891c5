import { describe, expect, test } from 'vitest'
import type { Live } from '../live/live.ts'
import { apiRoutes, streamRoutes } from '../server.ts'
import type { ApiSources } from '../server.ts'
import { openApiDocument } from './openapi.ts'

describe('the document', () => {
  interface Operation {
    parameters: { name: string; in: string }[]
    responses: Record<string, { content: Record<string, { schema: object }> }>
  }
  interface Document {
    openapi: string
    paths: Record<string, { get: Operation }>
    components: { schemas: Record<string, object> }
  }

  const routes = apiRoutes({} as ApiSources, {} as Live)
  const streams = streamRoutes({} as ApiSources, {} as Live)
  const document = JSON.parse(JSON.stringify(openApiDocument(routes, streams, '1.2.3'))) as Document

  test('describes every route, parameter and refusal', () => {
    expect(document.openapi).toBe('3.1.0')
    const urls = [...routes.map(({ url }) => url), ...streams.flatMap(({ url, socketUrl }) => [url, socketUrl])]
    expect(Object.keys(document.paths).sort()).toEqual([...new Set(urls)].sort())
    expect(urls).toContain('/workflows/runs/{runId}/status')
    const { parameters, responses } = (document.paths['/workflows/runs/{runId}/logs'] as { get: Operation }).get
    expect(parameters.map(({ name }) => name)).toEqual([
      ...['runId', 'nodeRef', 'attempt', 'level', 'stream', 'since', 'until', 'grep', 'direction', 'cursor', 'limit'],
    ])
    expect(Object.keys(responses)).toEqual(['200', '400', '403', '404', '408', '431', '500', '503'])
    expect(responses['200']?.content['application/json']?.schema).toEqual({ $ref: '#/components/schemas/LogPage' })
  })

  test('refers only to shapes that it holds', () => {
    const text = JSON.stringify(document)
    const referred = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name))
    expect([...referred].sort()).toEqual(Object.keys(document.components.schemas).sort())
    expect(document.components.schemas['RunPage']).toMatchObject({
      properties: { runs: { items: { $ref: '#/components/schemas/ExecutionStatus' } } },
    })
  })
})
