// The artefact of an audit: the findings joined, as JSON and as Markdown.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuplicateFindings } from './duplicates.ts'
import type { IntegrityFindings } from './integrity.ts'
import type { LicenceFindings } from './licences.ts'
import type { SizeFindings } from './sizes.ts'
import { largestOf } from './sizes.ts'

/** Findings of every shard; a kind whose nodes failed is empty. */
export interface Findings {
  licences: LicenceFindings[]
  integrity: IntegrityFindings[]
  sizes: SizeFindings[]
  duplicates: DuplicateFindings
}

export interface AuditSummary {
  packages: number
  bytes: number
  licences: Record<string, number>
  unknownLicences: string[]
  withoutHash: string[]
  weakHashes: string[]
  contradictoryHashes: string[]
  duplicates: DuplicateFindings['duplicates']
  largest: SizeFindings['largest']
}

export function summarise({ licences, integrity, sizes, duplicates }: Findings): AuditSummary {
  const byLicence: Record<string, number> = {}
  for (const part of licences) {
    for (const [licence, count] of Object.entries(part.byLicence))
      byLicence[licence] = (byLicence[licence] ?? 0) + count
  }
  return {
    packages: sum(licences.map((part) => part.packages)),
    bytes: sum(sizes.map((part) => part.bytes)),
    licences: Object.fromEntries(Object.entries(byLicence).sort(([, a], [, b]) => b - a)),
    unknownLicences: licences.flatMap((part) => part.unknown).sort(),
    withoutHash: integrity.flatMap((part) => part.missing).sort(),
    weakHashes: integrity.flatMap((part) => part.weak).sort(),
    contradictoryHashes: integrity.flatMap((part) => part.contradictory).sort(),
    duplicates: duplicates.duplicates,
    largest: largestOf(sizes.flatMap((part) => part.largest)),
  }
}

export interface Artefact {
  json: string
  markdown: string
}

/** Writes both forms into the folder, named after the run; gives their paths. */
export async function writeReport(folder: string, runId: string, summary: AuditSummary): Promise<Artefact> {
  await mkdir(folder, { recursive: true })
  const name = join(folder, runId.replaceAll(/[^A-Za-z0-9_.-]/g, '_'))
  const artefact = { json: `${name}.json`, markdown: `${name}.md` }
  await writeFile(artefact.json, `${JSON.stringify(summary, null, 2)}\n`)
  await writeFile(artefact.markdown, asMarkdown(runId, summary))
  return artefact
}

export function asMarkdown(runId: string, summary: AuditSummary): string {
  const list = (items: readonly string[]) =>
    items.length === 0 ? 'none\n' : items.map((item) => `- ${item}\n`).join('')
  return [
    `# Dependency audit ${runId}\n`,
    `${summary.packages} packages, ${summary.bytes} bytes on disk.\n`,
    `## Licences\n`,
    list(Object.entries(summary.licences).map(([licence, count]) => `${licence}: ${count}`)),
    `## Without a stated licence\n`,
    list(summary.unknownLicences),
    `## Without a hash, with a weak one, with two\n`,
    list([...summary.withoutHash, ...summary.weakHashes, ...summary.contradictoryHashes]),
    `## In several versions\n`,
    list(summary.duplicates.map(({ name, versions }) => `${name}: ${versions.join(', ')}`)),
    `## Largest\n`,
    list(summary.largest.map(({ name, version, bytes }) => `${name}@${version}: ${bytes}`)),
  ].join('\n')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
