import { readFileSync } from 'node:fs'
import { apiDocument } from '@runlight/api/document'
import { operationGroups } from '@runlight/api/docs/operations'
import type { ApiDocument } from '@runlight/api/docs/operations'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
const operations = operationGroups(JSON.parse(JSON.stringify(apiDocument())) as ApiDocument).flatMap(
  (group) => group.operations,
)

test('docs/api.md has every route, each with a line for curl', () => {
  const sections = page.split('\n#### ')
  for (const { method, path } of operations) {
    const section = sections.find((text) => text.startsWith(`\`${method} ${path}\``))
    expect(section, path).toContain('```sh\ncurl ')
  }
})

test('every line for curl in it asks for a route that there is, by parameters that it has', () => {
  const lines = [...page.matchAll(/^curl .*http:\/\/127\.0\.0\.1:17800(\/[^'?]*)(?:\?([^']*))?'(.*)$/gm)]
  expect(lines.length).toBeGreaterThan(operations.length)
  for (const [, path = '', query = '', data = ''] of lines) {
    const found = operations.find((operation) =>
      new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
    )
    const names = found?.parameters.map(({ name }) => name)
    expect(names, path).toBeDefined()
    const given = [
      ...new URLSearchParams(query).keys(),
      ...[...data.matchAll(/ (?:-d|--data-urlencode) '?(\w+)=/g)].map(([, name]) => name),
    ]
    for (const name of given) expect(names, path).toContain(name)
  }
})
