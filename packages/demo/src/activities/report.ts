// The artefacts of an audit: JSON for programs, Markdown for people.

import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from '@runlight/sdk/execution-context'
import type { AuditFindings, AuditResult } from '../audit.ts'

export const REPORT_JSON = 'audit.json'

/** Writes both files into a folder named after the run; a repeated attempt replaces them. */
export async function writeReport(
  { outputFolder, findings }: { outputFolder: string; findings: AuditFindings },
  context: ExecutionContext,
): Promise<AuditResult> {
  const folder = join(outputFolder, context.runId)
  await mkdir(folder, { recursive: true })
  const json = join(folder, REPORT_JSON)
  const markdown = join(folder, 'audit.md')
  await writeWhole(json, `${JSON.stringify({ runId: context.runId, ...findings }, null, 2)}\n`)
  await writeWhole(markdown, renderMarkdown(context.runId, findings))
  context.logger.info('The report is written.', { json, markdown })
  return { summary: findings.summary, json, markdown }
}

/** A reader finds the old file or the new one, never a part. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text)
  await rename(`${path}.part`, path)
}

export function renderMarkdown(runId: string, { summary, findings, duplicates, largest }: AuditFindings): string {
  const section = (title: string, lines: readonly string[]): string =>
    `## ${title}\n\n${lines.length > 0 ? lines.map((line) => `- ${line}`).join('\n') : 'None.'}\n`
  const counts = (byKey: Readonly<Record<string, number>>): string[] =>
    Object.entries(byKey)
      .sort(([, a], [, b]) => b - a)
      .map(([key, count]) => `${key}: ${count}`)
  const head = `# Dependency audit\n\nRun ${runId}: ${summary.packages} packages, ${summary.bytes} bytes on disk, ${summary.notInstalled} not installed here.\n`
  return [
    head,
    section(
      'Findings',
      findings.map((finding) => `${finding.package} ${finding.problem}`),
    ),
    section('Licences', counts(summary.licences)),
    section('Hashes', counts(summary.algorithms)),
    section(
      'In several versions',
      duplicates.map(({ name, versions }) => `${name}: ${versions.join(', ')}`),
    ),
    section(
      'Largest',
      largest.map(({ package: id, bytes }) => `${id}: ${bytes} bytes`),
    ),
  ].join('\n')
}
