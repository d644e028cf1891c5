// The documentation of the API as one page that asks for nothing else: no script, no font, no image.

import { createHash } from 'node:crypto'
import { ERROR_CODES } from '@runlight/contracts/errors'
import type { ErrorCode } from '@runlight/contracts/errors'
import { Html, html, prose } from './html.ts'
import type { Content } from './html.ts'
import { curlLine, operationGroups, refusalCodes } from './operations.ts'
import type { ApiDocument, Operation, OperationGroup, Parameter, Response, Schema } from './operations.ts'
import { schemaBody, typeOf } from './schemas.ts'
import { STYLE } from './style.ts'

/**
 * Content Security Policy of the pages (https://www.w3.org/TR/CSP3/): nothing may be loaded, sent or framed, no script
 * may run, and one style sheet is known by its digest.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  // The icon, which is empty.
  'img-src data:',
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Exactly what the digest was made of. */
const SHEET = new Html(`<style>${STYLE}</style>`)

/** The page of all routes; `origin` is where the reader has reached the API. */
export function routesPage(document: ApiDocument, origin: string): string {
  const { info, components } = document
  const groups = operationGroups(document)
  const schemas = Object.entries(components.schemas)
  return whole(
    `${info.title} API`,
    html`<nav aria-label="Contents">
        <details open>
          <summary>Contents</summary>
          ${groups.map(groupLinks)}
          <p><a href="#schemas">Schemas</a></p>
          <p><a href="/docs/errors">Error codes</a></p>
          <p><a href="/openapi.json">OpenAPI document</a></p>
        </details>
      </nav>
      <main id="main">
        <h1>${info.title} API <small>${info.version}</small></h1>
        <p>${prose(info.description)}</p>
        ${groups.map((group) => groupSection(group, origin))}
        <h2 id="schemas">Schemas</h2>
        ${schemas.map(([name, schema]) => schemaSection(name, schema))}
      </main>`,
  )
}

function groupLinks({ title, operations }: OperationGroup): Html {
  return html`<p>${title}</p>
    <ul>
      ${operations.map(
        (operation) =>
          html`<li>
            <a href="#${operation.operationId}">${methodMark(operation)}<code>${operation.path}</code></a>
          </li>`,
      )}
    </ul>`
}

function groupSection({ title, operations }: OperationGroup, origin: string): Html {
  return html`<section aria-labelledby="${groupId(title)}">
    <h2 id="${groupId(title)}">${title}</h2>
    ${operations.map((operation) => operationArticle(operation, origin))}
  </section>`
}

function groupId(title: string): string {
  return `group-${title.toLowerCase().replaceAll(' ', '-')}`
}

function methodMark({ method }: Operation): Html {
  return html`<span class="method ${method.toLowerCase()}">${method}</span>`
}

function operationArticle(operation: Operation, origin: string): Html {
  const { operationId, path, summary, parameters, requestBody, responses } = operation
  const body = requestBody?.content['application/json']?.schema
  return html`<article aria-labelledby="${operationId}">
    <h3 id="${operationId}">
      <a href="#${operationId}">${methodMark(operation)}<code>${path}</code></a>
    </h3>
    <p>${prose(summary)}</p>
    <pre tabindex="0">${curlLine(operation, origin)}</pre>
    ${parameters.length > 0 && table(['Parameter', 'Type', 'Meaning'], parameters.map(parameterRow))}
    ${
      body &&
      html`<h4>Body</h4>
        <p>${typeOf(body)}</p>`
    }
    ${table(['Answer', 'Body', 'Meaning'], Object.entries(responses).map(responseRow))}
    ${Object.values(responses).map(({ 'x-runlight-events': events }) => events && eventTable(events))}
  </article>`
}

function parameterRow({ name, in: place, required, description, schema }: Parameter): Html {
  return html`<tr>
    <th scope="row"><code>${name}</code> <small>${required ? place : `${place}, optional`}</small></th>
    <td>${typeOf(schema)}</td>
    <td>${prose(description)}</td>
  </tr>`
}

function responseRow([status, response]: [string, Response]): Html {
  const bodies = Object.entries(response.content ?? {}).map(
    ([type, { schema }]) => html`${schema.$ref ? typeOf(schema) : ''} <small>${type}</small>`,
  )
  const codes = refusalCodes(response)
  const meaning: Content =
    codes.length > 0
      ? codes.map((code) => html`<div><a href="/docs/errors#${code.toLowerCase()}">${code}</a>: ${title(code)}</div>`)
      : prose(response.description)
  return html`<tr>
    <th scope="row" class="${codes.length > 0 && 'refused'}">${status}</th>
    <td>${bodies}</td>
    <td>${meaning}</td>
  </tr>`
}

function title(code: string): string {
  return (ERROR_CODES as Readonly<Record<string, ErrorCode>>)[code]?.title ?? ''
}

function eventTable(events: Readonly<Record<string, Schema>>): Html {
  const rows = Object.entries(events).map(
    ([name, schema]) =>
      html`<tr>
        <th scope="row"><code>${name}</code></th>
        <td>${typeOf(schema)}</td>
      </tr>`,
  )
  return html`<h4>Events</h4>
    ${table(['Event', 'Data'], rows)}`
}

function schemaSection(name: string, schema: Schema): Html {
  return html`<article aria-labelledby="schema-${name}">
    <h3 id="schema-${name}"><a href="#schema-${name}">${name}</a></h3>
    <p>${prose(schema.description)}</p>
    <div class="wide">${schemaBody(schema)}</div>
  </article>`
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

/** The page that the `type` of every refusal points into. */
export function errorsPage(): string {
  const codes = Object.entries<ErrorCode>(ERROR_CODES).filter(([, { status }]) => status !== undefined)
  return whole(
    'Error codes of the Runlight API',
    html`<nav aria-label="Contents">
        <p><a href="/docs">All routes</a></p>
        <ul>
          ${codes.map(
            ([code]) =>
              html`<li>
                <a href="#${code.toLowerCase()}"><code>${code}</code></a>
              </li>`,
          )}
        </ul>
      </nav>
      <main id="main">
        <h1>Error codes</h1>
        <p>Every refusal has one shape (RFC 9457) and one of these codes.</p>
        ${codes.map(
          ([code, { title: what, next, status }]) =>
            html`<article aria-labelledby="${code.toLowerCase()}">
              <h3 id="${code.toLowerCase()}"><code>${code}</code> <small>${status}</small></h3>
              <p>${prose(what)}.</p>
              <p>${prose(next)}</p>
            </article>`,
        )}
      </main>`,
  )
}

function whole(name: string, body: Html): string {
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <link rel="icon" href="data:," />
      <title>${name}</title>
      ${SHEET}
    </head>
    <body>
      <a class="skip" href="#main">Skip to the content</a>
      ${body}
    </body>
  </html>`
  return `<!doctype html>${page.text}`
}
