// The settings schema seen as a flat list.

import { settingsSchema, type EnvironmentName } from './schema.ts'

/** One setting as its schema declares it. */
export interface Declaration {
  /** Dotted path below `runlight:`, such as `loki.port`. */
  path: string
  type: 'integer' | 'string'
  default: unknown
  defaultIn?: Partial<Record<EnvironmentName, unknown>>
  unit?: string
  description: string
}

interface Node extends Omit<Declaration, 'path' | 'type'> {
  type?: 'integer' | 'string' | 'object'
  properties?: Record<string, Node>
}

function* declarationsBelow(node: Node, path: string): Generator<Declaration> {
  if (!node.properties) {
    yield { ...node, path, type: node.type === 'integer' ? 'integer' : 'string' }
    return
  }
  for (const [name, child] of Object.entries(node.properties)) {
    yield* declarationsBelow(child, path === '' ? name : `${path}.${name}`)
  }
}

/** All settings in the order of their declaration. */
export const DECLARATIONS: readonly Declaration[] = [...declarationsBelow(settingsSchema as unknown as Node, '')]
