// The routes of docs/api.md, from the OpenAPI document.

import { apiDocument } from '@runlight/api/document'
import { curlLine, operationGroups, refusalCodes } from '@runlight/api/docs/operations'
import type { ApiDocument, Operation } from '@runlight/api/docs/operations'

/** Where the stack `local` answers, if no setting says otherwise. */
const ORIGIN = 'http://127.0.0.1:17800'

/** All routes in their groups: what each is for, a line for curl, its parameters and its refusals. */
export function apiRoutes(): string {
  const document = JSON.parse(JSON.stringify(apiDocument())) as ApiDocument
  return operationGroups(document)
    .map(({ title, operations }) => `### ${title}\n\n${operations.map(operationText).join('\n\n')}`)
    .join('\n\n')
}

function operationText(operation: Operation): string {
  const { method, path, summary, parameters, responses } = operation
  const names = parameters.filter((parameter) => parameter.in !== 'path').map(({ name }) => `\`${name}\``)
  const codes = [...new Set(Object.values(responses).flatMap(refusalCodes))].map((code) => `\`${code}\``)
  return [
    `#### \`${method} ${path}\``,
    `${summary}.`,
    `\`\`\`sh\n${curlLine(operation, ORIGIN)}\n\`\`\``,
    ...(names.length > 0 ? [`Parameters: ${names.join(', ')}.`] : []),
    `Refusals: ${codes.join(', ')}.`,
  ].join('\n\n')
}
