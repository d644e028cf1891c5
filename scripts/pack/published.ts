// What is published: the workspaces whose package.json says how, in `publishConfig`, and what their packages hold.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readClone } from '../../stacks/platforms/source-digest.ts'
import { Failure } from '../failure.ts'

export interface PublishedWorkspace {
  name: string
  version: string
  /** Relative to the clone. */
  folder: string
  /** Paths of its modules, relative to the clone; without tests and fixtures. */
  modules: readonly string[]
  /** package.json of the package, as text. */
  manifest: string
  /** Paths relative to the clone of what goes along as it is. */
  papers: readonly string[]
}

interface Manifest {
  name: string
  version: string
  dependencies?: Record<string, string>
  publishConfig?: object
  [key: string]: unknown
}

const LICENCE = 'LICENSE'

/**
 * The published workspaces of a clone.
 * @throws Failure when one needs a workspace that is not published
 */
export function publishedWorkspaces(root: string): PublishedWorkspace[] {
  const clone = readClone(root)
  const read = (folder: string) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
  const all = clone.workspaces.map((folder) => ({ folder, manifest: read(folder) }))
  const published = all.filter(({ manifest }) => manifest.publishConfig !== undefined)
  const isUnpublished = (name: string) =>
    all.some(({ manifest }) => manifest.name === name && manifest.publishConfig === undefined)
  return published.map(({ folder, manifest }) => {
    const { name, version, dependencies = {} } = manifest
    const missing = Object.keys(dependencies).filter(isUnpublished)
    if (missing.length > 0) {
      throw new Failure({
        what: `${name} cannot be packed.`,
        why: `It needs ${missing.join(' and ')}, which nobody could install.`,
        next: 'Say in the package.json of what it needs how that is published (publishConfig), or need it no more.',
      })
    }
    const files = clone.sources(name).find((each) => each.folder === folder)?.files ?? []
    const readme = join(folder, 'README.md')
    return {
      ...{ name, version, folder },
      modules: files.filter((file) => file.startsWith(join(folder, 'src/')) && file.endsWith('.ts')),
      manifest: publishedManifest(manifest),
      papers: [LICENCE, ...(existsSync(join(root, readme)) ? [readme] : [])],
    }
  })
}

/** A workspace's package.json with the fields of its `publishConfig` in place of those that lead to the sources. */
function publishedManifest({ devDependencies: _, publishConfig = {}, ...manifest }: Manifest): string {
  return `${JSON.stringify({ ...manifest, ...publishConfig }, null, 2)}\n`
}
