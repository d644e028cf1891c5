// The list of tools that the Pulumi program reads.

import { existsSync } from 'node:fs'
import type { ResolvedTool } from '../tools/resolve.ts'
import { toolPins } from '../tools/versions.ts'
import { readIfThere, writeIfChanged } from './files.ts'

type Listed = Pick<ResolvedTool, 'name' | 'version' | 'bin' | 'home'> & { source: 'path' | 'cache' }

/**
 * Lists the tools that this set-up has resolved, beside those that earlier ones have listed for other stacks and that are
 * still there in the pinned version: `pulumi up` can follow for any of them. The same tools give the same text, also in the
 * run that has just built them.
 */
export async function listTools(file: string, tools: readonly ResolvedTool[]): Promise<void> {
  const listed = new Map(listedIn(await readIfThere(file)))
  for (const { name, version, source, bin, home } of tools)
    listed.set(name, { name, version, source: source === 'path' ? 'path' : 'cache', bin, home })
  const sorted = Object.fromEntries([...listed].sort(([a], [b]) => (a < b ? -1 : 1)))
  await writeIfChanged(file, `${JSON.stringify({ $comment: 'Written by npm run setup.', tools: sorted }, null, 2)}\n`)
}

/** Nothing where the file is none of ours: it is written anew. */
function listedIn(text: string | undefined): [string, Listed][] {
  const pins = toolPins()
  try {
    const { tools } = JSON.parse(text ?? '{}') as { tools?: Record<string, Listed> }
    return Object.entries(tools ?? {}).filter(
      ([, { name, version, home }]) => pins[name]?.version === version && existsSync(home),
    )
  } catch {
    return []
  }
}
