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

  const document = JSON.parse(
    JSON.stringify(
      openApiDocument(apiRoutes({} as ApiSources, {} as Live), streamRoutes({} as ApiSources, {} as Live), '1.2.3'),
    ),
  ) as Document

  test('describes every route, parameter and refusal', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths).sort()).toEqual([
      '/api/v1/dead-letters',
      '/api/v1/dead-letters/replay',
      '/api/v1/dead-letters/{id}',
      '/api/v1/dead-letters/{id}/replay',
      '/api/v1/logs/job-runs/{id}',
      '/api/v1/logs/stream/status',
      '/api/v1/logs/system',
      '/api/v1/logs/task-runs/{id}',
      '/components',
      '/components/logs',
      '/components/logs/stream',
      '/components/logs/stream/ws',
      '/workflows/runs',
      '/workflows/runs/{runId}/logs',
      '/workflows/runs/{runId}/status',
      '/workflows/runs/{runId}/stream',
      '/workflows/runs/{runId}/stream/ws',
      '/workflows/runs/{runId}/timeline',
      '/workflows/runs/{runId}/trace',
    ])
    const { parameters, responses } = (document.paths['/workflows/runs/{runId}/logs'] as { get: Operation }).get
    expect(parameters.map(({ name }) => name)).toEqual([
      ...['runId', 'nodeRef', 'attempt', 'level', 'stream', 'since', 'until', 'grep', 'direction', 'cursor', 'limit'],
    ])
    expect(Object.keys(responses)).toEqual(['200', '400', '404', '500', '503'])
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
