import { mkdir, statfs } from 'node:fs/promises'
import { resolve } from 'node:path'
import process from 'node:process'
import { Failure, Failures } from '../failure.ts'
import { plainProgress } from '../terminal/plain.ts'
import type { Progress } from '../terminal/progress.ts'
import { cacheRoot } from './cache.ts'
import { fetchTool } from './fetch.ts'
import type { FetchContext } from './fetch.ts'
import { Planner, sourceOf } from './plan.ts'
import { Slots } from './slots.ts'
import type { ResolvedTool } from './sources/source.ts'
import { currentPlatform, toolPins } from './versions.ts'
import type { Platform, Recipe, ToolName, ToolPins } from './versions.ts'

export type { ResolvedTool } from './sources/source.ts'
export type { ToolName } from './versions.ts'

export interface ResolveOptions {
  /** Where progress is shown; by default nowhere. */
  progress?: Progress
  /** Aborting ends everything that runs, and leaves nothing half. */
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
  /** The pinned tools; those of configs/versions.json by default. */
  pins?: ToolPins
  /** The root of the cache; see `cacheRoot`. */
  cache?: string
  platform?: Platform | undefined
}

/** The tools asked for, and those that they need when they run. */
export type ResolvedTools<Name extends ToolName> = Record<Name, ResolvedTool> & Partial<Record<ToolName, ResolvedTool>>

/** Compilers work side by side with two, and take some 3 GB each. */
const buildsAtOnce = 2
const downloadsAtOnce = 4

/**
 * Finds or fetches tools: on PATH in a fitting version, else in our cache, else by the tool's sources into our cache.
 * What these tools need to run (Kafka: Java) is resolved too and part of the result.
 *
 * @throws Failures with one Failure for each thing that went wrong. What a person must install first is told before
 *   anything is fetched.
 */
export async function resolveTools<Name extends ToolName>(
  names: readonly Name[],
  options: ResolveOptions = {},
): Promise<ResolvedTools<Name>> {
  const planner = new Planner(surroundingsOf(options))
  const { pins } = planner.around
  const wanted = withRunningNeeds(names, pins)
  await Promise.all(wanted.map((name) => planner.plan(name)))
  const missing = await planner.missing(wanted)
  if (missing.length > 0) throw new Failures(missing)

  const ways = await recipesToFollow(wanted, planner)
  if (ways.length > 0) await checkDisk(planner.around.cache, ways, options.progress)

  const tools = fetcher(planner, options.progress ?? silent)
  const settled = await Promise.allSettled(wanted.map((name) => tools(name)))
  planner.around.signal.throwIfAborted()
  const failures = new Set<unknown>(settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : [])))
  for (const failure of failures) if (!(failure instanceof Failure)) throw failure
  if (failures.size > 0) throw new Failures([...failures] as Failure[])
  const resolved = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  return Object.fromEntries(resolved.map((tool) => [tool.name, tool])) as ResolvedTools<Name>
}

/** Makes the surroundings that options describe, with their defaults. */
export function surroundingsOf(options: ResolveOptions): Planner['around'] {
  const env = options.env ?? process.env
  return {
    env,
    pins: options.pins ?? toolPins(),
    cache: resolve(options.cache ?? cacheRoot(env)),
    platform: 'platform' in options ? options.platform : currentPlatform(),
    signal: options.signal ?? new AbortController().signal,
  }
}

/** The tools and all that they need when they run. */
function withRunningNeeds(names: readonly ToolName[], pins: ToolPins): readonly ToolName[] {
  const all = new Set(names)
  for (const name of all) for (const need of pins[name].runsOn ?? []) all.add(need)
  return [...all]
}

const silent: Progress = plainProgress({ write: () => undefined })

/** Fetches each tool once, however many need it. */
function fetcher(planner: Planner, progress: Progress): (name: ToolName) => Promise<ResolvedTool> {
  const { around } = planner
  const running = new Map<ToolName, Promise<ResolvedTool>>()
  const downloads = new Slots(downloadsAtOnce)
  const builds = new Slots(buildsAtOnce)
  const get = async (name: ToolName): Promise<ResolvedTool> => {
    const plan = await planner.plan(name)
    if (plan.state === 'there') return plan.tool
    if (plan.state === 'missing') throw new Failures(await planner.missing([name]))
    const { platform } = around
    if (!platform) throw new Error(`A tool can be fetched, but not for this machine: ${name}.`)
    const context: FetchContext = { around: { ...around, platform }, need, downloads, builds }
    const { version, accepts } = around.pins[name]
    // What is installed for the machine comes in the version that its distribution has.
    const which = plan.ways[0]?.kind === 'debian-package' ? accepts : version
    return progress.step(`${name} ${which}`, async (step) => {
      try {
        return await fetchTool(name, plan.ways, step, context)
      } catch (error) {
        if (!(error instanceof Failure) || plan.obstacles.length === 0) throw error
        const { what, why, next } = error
        throw new Failure({ what, why: [why, ...plan.obstacles].join('\n'), next }, { cause: error })
      }
    })
  }
  const need = (name: ToolName): Promise<ResolvedTool> => {
    const known = running.get(name)
    if (known) return known
    const started = get(name)
    running.set(name, started)
    return started
  }
  return need
}

/** The recipes that will be followed for the wanted tools, those of the tools that fetch them included. */
async function recipesToFollow(names: readonly ToolName[], planner: Planner): Promise<readonly Recipe[]> {
  const recipes = new Map<ToolName, Recipe>()
  const visit = async (name: ToolName): Promise<void> => {
    const plan = await planner.plan(name)
    if (plan.state !== 'obtainable' || recipes.has(name)) return
    const recipe = plan.ways[0] as Recipe
    recipes.set(name, recipe)
    for (const need of sourceOf(recipe).needs) await visit(need)
  }
  for (const name of names) await visit(name)
  return [...recipes.values()]
}

/**
 * Refuses to start what can't be finished. The figures are those of empty caches; where Go's caches are full already
 * much less is needed, so only far too little is an error.
 */
async function checkDisk(cache: string, recipes: readonly Recipe[], progress: Progress | undefined): Promise<void> {
  try {
    await mkdir(cache, { recursive: true })
  } catch (cause) {
    const next = 'Make it writable, or set RUNLIGHT_CACHE to a folder that is.'
    throw new Failure({ what: `The cache folder ${cache} cannot be made.`, why: String(cause), next }, { cause })
  }
  const { bavail, bsize } = await statfs(cache)
  const free = Math.floor((bavail * bsize) / 1_000_000)
  const needed = recipes.reduce((sum, recipe) => sum + recipe.megabytes, 0)
  const why = `${cache} has ${free} MB free; getting the tools takes up to ${needed} MB, build caches included.`
  if (free < needed / 4) {
    const next = 'Free some space, or set RUNLIGHT_CACHE (and for Go GOCACHE, GOMODCACHE) to a larger disk.'
    throw new Failure({ what: 'There is not enough disk space for the tools.', why, next })
  }
  if (free < needed) progress?.say(`Disk space may not be enough: ${why}`)
}
