// The OpenAPI document of a running API, as somebody who knows nothing else reads it: its operations, and whether an
// answer is one of those that it promises.

import { Ajv2020 } from 'ajv/dist/2020.js'

export interface DocumentedParameter {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  schema: Record<string, unknown>
}

export interface Operation {
  method: string
  path: string
  operationId: string
  parameters: DocumentedParameter[]
  /** Shape of the JSON body that it takes. */
  body: Record<string, unknown> | undefined
  /** Statuses that are documented. */
  statuses: number[]
  isStream: boolean
  /** Why an answer is none that is documented; undefined when it is one. */
  fault: (answer: { status: number; type: string; body: string }) => string | undefined
}

interface Media {
  schema?: object
}

interface Documented {
  operationId: string
  parameters?: DocumentedParameter[]
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> }
  responses: Record<string, { content?: Record<string, Media> }>
}

interface Document {
  paths: Record<string, Record<string, Documented>>
  components: { schemas: Record<string, object> }
}

/** Reads `/openapi.json` of the API. */
export async function readDocument(
  apiUrl: string,
): Promise<{ operations: Operation[]; schemas: Document['components'] }> {
  const document = (await (await fetch(`${apiUrl}/openapi.json`)).json()) as Document
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
  ajv.addSchema({ $id: 'document', components: document.components })
  const compiled = new Map<object, ReturnType<typeof ajv.compile>>()
  const validate = (schema: object, value: unknown): string | undefined => {
    const known = compiled.get(schema) ?? ajv.compile(within(schema))
    compiled.set(schema, known)
    return known(value) ? undefined : ajv.errorsText(known.errors)
  }
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const { responses } = operation
      return {
        method: method.toUpperCase(),
        path,
        operationId: operation.operationId,
        parameters: operation.parameters ?? [],
        body: operation.requestBody?.content['application/json']?.schema,
        statuses: Object.keys(responses).map(Number),
        isStream: '101' in responses || 'text/event-stream' in (responses['200']?.content ?? {}),
        fault: ({ status, type, body }) => {
          const response = responses[String(status)]
          if (!response) return `status ${status} is not documented`
          const media = type.split(';')[0] ?? ''
          const content = response.content?.[media]
          if (!content) return response.content ? `${media} is not documented for ${status}` : undefined
          if (!content.schema || !media.endsWith('json')) return undefined
          return validate(content.schema, JSON.parse(body))
        },
      }
    }),
  )
  return { operations, schemas: document.components }
}

/** The schema with its references led into the document. */
function within(schema: object): object {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/')
  return JSON.parse(text) as object
}
