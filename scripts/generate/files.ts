// What is generated, where, and from what.

import { ComponentList, ComponentLogPage, Health, LogPage, Problem, RunPage, TracePage } from '@runlight/contracts/api'
import { DeadLetter } from '@runlight/contracts/dead-letter'
import { ExecutionStatus } from '@runlight/contracts/execution-status'
import { Generation } from '@runlight/contracts/generation'
import { LogEntry } from '@runlight/contracts/log-entry'
import { TraceEvent } from '@runlight/contracts/trace-event'
import type { TSchema } from 'typebox'
import {
  deadLetterReasonTable,
  environmentTable,
  errorTable,
  fieldTable,
  labelTable,
  metricTable,
  settingsTable,
  tableTables,
  topicTable,
} from './tables.ts'
import { apiRoutes } from './api-page.ts'
import { envExample } from './env-example.ts'
import { openApiFiles } from './openapi.ts'

export interface GeneratedFile {
  /** Relative to the repository. */
  path: string
  /** The new content, given the present one ('' when there is none). */
  render: (before: string) => string | Promise<string>
}

const sections: Record<string, () => string> = {
  'log-entry': () => fieldTable(LogEntry),
  'trace-event': () => fieldTable(TraceEvent),
  'execution-status': () => fieldTable(ExecutionStatus),
  'dead-letter': () => fieldTable(DeadLetter),
  'dead-letter-reasons': deadLetterReasonTable,
  topics: topicTable,
  labels: labelTable,
  tables: tableTables,
  metrics: metricTable,
  errors: errorTable,
  environment: environmentTable,
  settings: settingsTable,
  'api-routes': apiRoutes,
}

/** Replaces what stands between `<!-- generated: name -->` and `<!-- end: name -->`. */
function fillSections(page: string): string {
  return page.replace(/(<!-- generated: ([a-z-]+) -->\n)[\s\S]*?(<!-- end: \2 -->)/g, (_, open, name, close) => {
    const render = sections[name as string]
    if (!render) throw new Error(`There is no generated section ${String(name)}`)
    return `${String(open)}\n${render()}\n\n${String(close)}`
  })
}

const schemaFile = (name: string, schema: TSchema): GeneratedFile => ({
  path: `packages/contracts/schemas/${name}.schema.json`,
  render: () =>
    `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: name, ...schema }, null, 2)}\n`,
})

export const generatedFiles: GeneratedFile[] = [
  { path: 'docs/execution-contract.md', render: fillSections },
  { path: 'docs/errors.md', render: fillSections },
  { path: 'docs/environment.md', render: fillSections },
  { path: 'docs/settings.md', render: fillSections },
  { path: 'docs/api.md', render: fillSections },
  { path: '.env.example', render: envExample },
  schemaFile('log-entry', LogEntry),
  schemaFile('trace-event', TraceEvent),
  schemaFile('execution-status', ExecutionStatus),
  schemaFile('dead-letter', DeadLetter),
  schemaFile('generation', Generation),
  schemaFile('run-page', RunPage),
  schemaFile('trace-page', TracePage),
  schemaFile('log-page', LogPage),
  schemaFile('component-log-page', ComponentLogPage),
  schemaFile('component-list', ComponentList),
  schemaFile('health', Health),
  schemaFile('problem', Problem),
  ...openApiFiles,
]
