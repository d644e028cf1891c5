// The OpenAPI document as who writes about it wants it: operations in groups, and a curl line for each.

/** What is used of a schema (https://json-schema.org/draft/2020-12). */
export interface Schema {
  $ref?: string
  type?: string | readonly string[]
  description?: string
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  items?: Schema
  enum?: readonly unknown[]
  const?: unknown
  anyOf?: readonly Schema[]
  allOf?: readonly Schema[]
  additionalProperties?: boolean | Schema
  patternProperties?: Readonly<Record<string, Schema>>
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
}

export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  description?: string
  schema: Schema
}

type Content = Readonly<Record<string, { schema: Schema }>>

export interface Response {
  description: string
  content?: Content
  /** What the events of a stream hold, by their names. */
  'x-runlight-events'?: Readonly<Record<string, Schema>>
}

interface Described {
  operationId: string
  summary: string
  parameters: readonly Parameter[]
  requestBody?: { content: Content }
  responses: Readonly<Record<string, Response>>
}

export interface ApiDocument {
  info: { title: string; version: string; description: string }
  paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  components: { schemas: Readonly<Record<string, Schema>> }
}

export interface Operation extends Described {
  /** `GET`, `POST`. */
  method: string
  path: string
}

export interface OperationGroup {
  title: string
  operations: Operation[]
}

/** The first that fits has it; what fits nowhere is in the last one. */
const GROUPS: readonly (readonly [title: string, path: RegExp])[] = [
  ['Live streams', /\/stream(?:\/|$)/],
  ['Runs', /^\/workflows\/runs/],
  ['Components', /^\/components/],
  ['Unified logs', /^\/api\/v1\/logs/],
  ['Dead letters', /^\/api\/v1\/dead-letters/],
  ['More', /./],
]
const ORDER = ['Runs', 'Live streams', 'Components', 'Unified logs', 'Dead letters', 'More']

/** All operations of the document, each in one group, in the document's order. */
export function operationGroups({ paths }: ApiDocument): OperationGroup[] {
  const groups = new Map<string, Operation[]>(ORDER.map((title) => [title, []]))
  for (const [path, methods] of Object.entries(paths)) {
    const title = GROUPS.find(([, pattern]) => pattern.test(path))?.[0] ?? 'More'
    for (const [method, described] of Object.entries(methods)) {
      groups.get(title)?.push({ method: method.toUpperCase(), path, ...described })
    }
  }
  return [...groups].flatMap(([title, operations]) => (operations.length > 0 ? [{ title, operations }] : []))
}

/** Codes of the refusals that an answer stands for. */
export function refusalCodes({ description, content }: Response): string[] {
  return content && 'application/problem+json' in content ? (description.match(/\bRL_[A-Z_]+\b/g) ?? []) : []
}

/** What stands for a parameter of the path in an example, where its own name says too little. */
const EXAMPLES: readonly (readonly [path: RegExp, value: string])[] = [
  [/\/task-runs\//, 'RUN%2F1%2FNODE%2F1'],
  [/\/job-runs\//, 'RUN'],
  [/\/type\//, 'task'],
]

/** A line for a shell that asks for the operation; `origin` is such as `http://127.0.0.1:17800`. */
export function curlLine({ method, path, parameters, requestBody, responses }: Operation, origin: string): string {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const known = EXAMPLES.find(([pattern]) => pattern.test(path))?.[1]
    return known ?? name.replace(/Id$/, '').toUpperCase()
  })
  const required = parameters.filter((parameter) => parameter.in === 'query' && parameter.required)
  const query = required.map(({ name, schema }) => `${name}=${encodeURIComponent(exampleText(name, schema))}`).join('&')
  const url = `'${origin}${address}${query ? `?${query}` : ''}'`
  if ('101' in responses) {
    const upgrade = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${KEY}`,
    ]
    return `curl -N --http1.1 ${upgrade.map((header) => `-H '${header}'`).join(' ')} ${url}`
  }
  if (responses['200']?.content?.['text/event-stream']) return `curl -N ${url}`
  if (method === 'GET') return `curl ${url}`
  const body = requestBody?.content['application/json']
  return `curl -X ${method} ${body ? "-H 'content-type: application/json' -d '{}' " : ''}${url}`
}

/** Any 16 bytes (https://www.rfc-editor.org/rfc/rfc6455#section-4.1). */
const KEY = Buffer.from('a runlight reader').subarray(0, 16).toString('base64')

function exampleText(name: string, { enum: words, default: usual, minimum }: Schema): string {
  return String(usual ?? words?.[0] ?? minimum ?? name.toUpperCase())
}
