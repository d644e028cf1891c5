import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { markUsed, readEntry, toolFolder } from './cache.ts'
import { searchPath } from './on-path.ts'
import { sourceOrder } from './sources/all.ts'
import type { ResolvedTool } from './sources/source.ts'
import type { Platform, Recipe, ToolName, ToolPins } from './versions.ts'

/** The machine and its settings, as far as tools are concerned. */
export interface Surroundings {
  pins: ToolPins
  env: NodeJS.ProcessEnv
  /** The root of our cache. */
  cache: string
  /** Undefined on a machine that nothing pinned exists for; what is on PATH is used there too. */
  platform: Platform | undefined
  signal: AbortSignal
}

/** A tool that is there, or why what is on PATH doesn't serve (empty if there is nothing). */
export type Located = { tool: ResolvedTool; unfit?: undefined } | { tool?: undefined; unfit: string }

/** A tool's ways of being got on any machine, best first. */
export function waysOf(pins: ToolPins, name: ToolName): readonly Recipe[] {
  return [...pins[name].sources].sort((a, b) => sourceOrder.indexOf(a.kind) - sourceOrder.indexOf(b.kind))
}

/** Looks for a tool where it costs nothing: on PATH in a fitting version, then in our cache. Fetches nothing. */
export async function locate(name: ToolName, around: Surroundings): Promise<Located> {
  const pin = around.pins[name]
  if (pin.besides) {
    const beside = await locateBeside(name, pin.besides, around)
    if (beside) return { tool: beside }
  }
  const search = await searchPath(pin, { env: around.env, except: [around.cache], signal: around.signal })
  if (search.found) return { tool: { name, source: 'path', ...search.found } }
  const cached = await locateInCache(name, around)
  return cached ? { tool: cached } : { unfit: search.unfit }
}

/** Looks for a tool in our cache only. */
export async function locateInCache(name: ToolName, around: Surroundings): Promise<ResolvedTool | undefined> {
  if (!around.platform) return undefined
  for (const recipe of waysOf(around.pins, name)) {
    const home = toolFolder(around.cache, name, around.pins[name].version, recipe, around.platform)
    const entry = await readEntry(home)
    if (!entry) continue
    const bin = Object.fromEntries(Object.entries(entry.bin).map(([key, path]) => [key, join(home, path)]))
    const present = await Promise.all(Object.values(bin).map(exists))
    if (!present.every(Boolean)) continue
    await markUsed(home)
    return { name, version: entry.version, source: 'cache', bin, home }
  }
  return undefined
}

/** A part of another tool's distribution has no version of its own: it is right where that tool is from PATH too. */
async function locateBeside(name: ToolName, other: ToolName, around: Surroundings): Promise<ResolvedTool | undefined> {
  const main = (await locate(other, around)).tool
  if (main?.source !== 'path') return undefined
  const home = dirname(Object.values(main.bin)[0] as string)
  const bin = Object.fromEntries(around.pins[name].binaries.map((each) => [each, join(home, each)]))
  const present = await Promise.all(Object.values(bin).map(exists))
  return present.every(Boolean) ? { name, version: main.version, source: 'path', bin, home } : undefined
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
