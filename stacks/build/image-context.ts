// What an image of one of our services is built from: a folder with the manifests that `npm ci` reads, the built
// JavaScript of the service and of the workspaces it imports, and the Dockerfile. It is made once for a content, so an
// unchanged source makes no new image.

import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readClone, type Clone } from '../platforms/source-digest.ts'
import { productionLock, productionManifest } from './manifests.ts'
import { builtManifest, transpile } from './transpile.ts'

/** The program in each image: starts the service, and asks it how it is. */
const START = 'main.js'
const HEALTH = 'health.js'
/** Beside the JavaScript: how the image is made. */
const BUILD = ['transpile', 'manifests', 'image-context'].map((name) => `stacks/build/${name}.ts`)
const RECIPE = ['Dockerfile', 'configs/images/health.js', ...BUILD]

export interface ImageContext {
  folder: string
  /** `<version>-<digest of the content and of what it is built on>`. */
  tag: string
  workspace: string
  version: string
}

/**
 * Makes the folder to build a service's image from, below `into`, unless it is there already.
 * @param root the clone
 * @param entry the service's first module, relative to its workspace
 * @param base reference of the image that it is built on
 */
export function imageContext(
  root: string,
  into: string,
  { workspace, entry }: { workspace: string; entry: string },
  base: string,
): ImageContext {
  const clone = readClone(root)
  const version = clone.version(workspace)
  const tag = `${version}-${clone.imageDigest(workspace, recipeDigest(root, base)).slice(0, 12)}`
  const parent = join(into, workspace.replace(/^@[^/]*\//, ''))
  const folder = join(parent, tag)
  if (!existsSync(folder)) {
    const part = `${folder}.${process.pid}.part`
    rmSync(part, { recursive: true, force: true })
    fill(part, root, clone, workspace, entry)
    renameSync(part, folder)
    removeOthers(parent, folder)
  }
  return { folder, tag, workspace, version }
}

function fill(folder: string, root: string, clone: Clone, workspace: string, entry: string): void {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const copy = (from: string, to: string) => cpSync(join(root, from), join(folder, to))
  copy('Dockerfile', 'Dockerfile')
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  // npm checks the lock file against all workspaces of the clone.
  for (const path of ['', ...clone.workspaces]) {
    const manifest = join(path, 'package.json')
    write(join('manifests', manifest), productionManifest(read(manifest)))
  }
  write('manifests/package-lock.json', productionLock(read('package-lock.json'), clone.workspaces))
  for (const { files } of clone.sources(workspace)) {
    for (const file of files) {
      const to = join('built', file)
      if (file.endsWith('.ts')) write(to.replace(/\.ts$/, '.js'), transpile(file, read(file)))
      else if (basename(file) === 'package.json') write(to, builtManifest(read(file)))
      else cpSync(join(root, file), join(folder, to))
    }
  }
  const first = join(clone.folderOf(workspace), entry).replace(/\.ts$/, '.js')
  write(join('built', START), `import './${first}'\n`)
  copy('configs/images/health.js', join('built', HEALTH))
  write('built/package.json', `${JSON.stringify({ name: workspace, type: 'module', private: true }, null, 2)}\n`)
}

function recipeDigest(root: string, base: string): string {
  const hash = createHash('sha256').update(`${base}\0`)
  for (const path of RECIPE) hash.update(`${path}\0`).update(readFileSync(join(root, path)))
  return hash.digest('hex')
}

/** Contexts of earlier contents, which nothing is built from any more. */
function removeOthers(parent: string, keep: string): void {
  for (const name of readdirSync(parent)) {
    if (join(parent, name) !== keep) rmSync(join(parent, name), { recursive: true, force: true })
  }
}
