// Schemas as a person reads them.

import { html, prose } from './html.ts'
import type { Content, Html } from './html.ts'
import type { Schema } from './operations.ts'

const REFERENCE = '#/components/schemas/'

/** The type of a value in a few words; a shape with a name is a link to it. */
export function typeOf(schema: Schema): Html {
  if (schema.$ref) {
    const name = schema.$ref.replace(REFERENCE, '')
    return html`<a href="#schema-${name}">${name}</a>`
  }
  if (schema.anyOf) return html`${between(schema.anyOf.map(typeOf), ' or ')}`
  if (schema.allOf) return html`${between(schema.allOf.map(typeOf), ' and ')}`
  if (schema.enum) return html`${between(schema.enum.map(word), ' ')}`
  if (schema.const !== undefined) return word(schema.const)
  if (schema.items) return html`array of ${typeOf(schema.items)}`
  const [values] = Object.values(schema.patternProperties ?? {})
  const named = values ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined)
  if (named) return html`object of ${typeOf(named)} by name`
  return html`${[schema.type ?? 'any'].flat().join(' or ')}${bounds(schema)}`
}

function bounds({ minimum, maximum, maxLength, default: usual }: Schema): string {
  const said: string[] = []
  if (minimum !== undefined && maximum !== undefined) said.push(`${minimum} to ${maximum}`)
  else if (minimum !== undefined) said.push(`from ${minimum}`)
  else if (maximum !== undefined) said.push(`up to ${maximum}`)
  if (maxLength !== undefined) said.push(`up to ${maxLength} characters`)
  if (usual !== undefined) said.push(`${String(usual)} if not given`)
  return said.length > 0 ? `, ${said.join(', ')}` : ''
}

function word(value: unknown): Html {
  return html`<code>${String(value)}</code>`
}

function between(pieces: readonly Html[], separator: string): Content {
  return pieces.map((piece, index) => (index === 0 ? piece : html`${separator}${piece}`))
}

/** A shape with its fields; shapes inside it that have no name follow in their own tables. */
export function schemaBody(schema: Schema): Html {
  if (schema.allOf)
    return html`${schema.allOf.map((part) => (part.$ref ? html`<p>All of ${typeOf(part)}, and:</p>` : schemaBody(part)))}`
  const fields = Object.entries(schema.properties ?? {})
  if (fields.length === 0) return html`<p>${typeOf(schema)}</p>`
  const required = new Set(schema.required)
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Field</th>
        <th scope="col">Type</th>
        <th scope="col">Meaning</th>
      </tr>
    </thead>
    <tbody>
      ${fields.map(([name, field]) => fieldRow(name, field, required.has(name)))}
    </tbody>
  </table>`
}

function fieldRow(name: string, field: Schema, isRequired: boolean): Html {
  const inner = field.items?.properties ? field.items : field.properties ? field : undefined
  return html`<tr>
    <th scope="row"><code>${name}</code>${!isRequired && html` <small>optional</small>`}</th>
    <td>${typeOf(field)}</td>
    <td>${prose(field.description)}${inner && schemaBody(inner)}</td>
  </tr>`
}
