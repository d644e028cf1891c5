import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../failure.ts'
import type { Platform, Recipe, ToolName } from './versions.ts'

/** What is kept of a tool beside its files; the binaries' paths are relative to the folder. */
export interface CacheEntry {
  name: ToolName
  version: string
  source: string
  bin: Record<string, string>
  seconds: number
}

const entryFile = 'tool.json'

/** The folder that tools are kept in: `$RUNLIGHT_CACHE`, else `runlight` in the person's cache folder. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env['RUNLIGHT_CACHE']) return env['RUNLIGHT_CACHE']
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'runlight')
}

/**
 * The folder of one build of a tool: `<root>/tools/<name>/<version>-<hash>`. The hash covers the recipe and the
 * platform, so that a changed recipe is a new folder and an old one is never taken for it. The build's cost isn't
 * part of it.
 */
export function toolFolder(root: string, name: ToolName, version: string, recipe: Recipe, platform: Platform): string {
  const { megabytes: _megabytes, weight: _weight, ...what } = { weight: 0, ...recipe }
  const hash = createHash('sha256')
    .update(JSON.stringify([platform, canonical(what)]))
    .digest('hex')
    .slice(0, 12)
  return join(root, 'tools', name, `${version}-${hash}`)
}

/** What is kept in a tool's folder, or undefined if the tool isn't there (or its entry is broken). */
export async function readEntry(folder: string): Promise<CacheEntry | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, entryFile), 'utf8')) as CacheEntry
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return undefined
    const next = 'Make it readable, or set RUNLIGHT_CACHE to another folder.'
    throw new Failure(
      { what: `The cached tool in ${folder} cannot be read.`, why: String(error), next },
      { cause: error },
    )
  }
}

/** After so long without use, a version that is no longer pinned here is taken for one that no clone uses. */
const KEPT_DAYS = 60

/** Notes that a tool of the cache is used, so that it is kept. */
export async function markUsed(folder: string): Promise<void> {
  const now = new Date()
  // A cache that can only be read serves as well.
  await utimes(join(folder, entryFile), now, now).catch(() => undefined)
}

/** Removes what lies beside a tool's folder and was not used for long: other versions, and builds by older recipes. */
async function removeUnused(folder: string): Promise<void> {
  const parent = dirname(folder)
  for (const name of await readdir(parent)) {
    const other = join(parent, name)
    if (other === folder || name.includes('.part-')) continue
    const used = await stat(join(other, entryFile)).catch(() => undefined)
    if (used && Date.now() - used.mtimeMs > KEPT_DAYS * 86_400_000) await rm(other, { recursive: true, force: true })
  }
}

/**
 * Fills a folder as a whole or not at all: `fill` works in a folder beside it, which is then renamed. Call it with
 * the tool's lock held: what an interrupted run left beside the folder is removed first.
 */
export async function publish(folder: string, fill: (into: string) => Promise<CacheEntry>): Promise<CacheEntry> {
  const parent = dirname(folder)
  const prefix = `${basename(folder)}.part-`
  await mkdir(parent, { recursive: true })
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true })
  }
  const part = await mkdtemp(join(parent, prefix))
  try {
    const entry = await fill(part)
    // mkdtemp makes it private; servers may run as another user.
    await chmod(part, 0o755)
    await writeFile(join(part, entryFile), `${JSON.stringify(entry, null, 2)}\n`)
    // Without an entry the folder is no tool, only in the way (someone removed files by hand).
    await rm(folder, { recursive: true, force: true })
    await rename(part, folder)
    await removeUnused(folder)
    return entry
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    throw error
  }
}

/** The same value with its keys in order, so that moving a line in the file of versions changes no hash. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, canonical(each)]),
  )
}
