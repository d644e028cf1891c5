import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import semver from 'semver'
import { Failure } from '../failure.ts'
import { withLock } from '../process-lock.mjs'
import type { Step } from '../terminal/progress.ts'
import { publish, toolFolder } from './cache.ts'
import { CommandFailed, run } from './command.ts'
import { nextStep } from './diagnose.ts'
import { locate, locateInCache } from './locate.ts'
import type { Surroundings } from './locate.ts'
import { probeVersion } from './on-path.ts'
import { sourceOf } from './plan.ts'
import type { Slots } from './slots.ts'
import type { Job, ResolvedTool } from './sources/source.ts'
import type { Platform, Recipe, ToolName } from './versions.ts'

/** What fetching needs beside the machine's surroundings. */
export interface FetchContext {
  around: Surroundings & { platform: Platform }
  need: (name: ToolName) => Promise<ResolvedTool>
  downloads: Slots
  builds: Slots
}

/**
 * Gets a tool by the first of its ways that works, with the lock of its folder held: whoever comes second waits and
 * finds it done.
 *
 * @throws Failure with the reasons of all ways
 */
export async function fetchTool(
  name: ToolName,
  ways: readonly Recipe[],
  step: Step,
  context: FetchContext,
): Promise<ResolvedTool> {
  const failures: Failure[] = []
  for (const recipe of ways) {
    try {
      return await fetchBy(name, recipe, step, context)
    } catch (error) {
      context.around.signal.throwIfAborted()
      if (!(error instanceof Failure)) throw error
      failures.push(error)
    }
  }
  const [first, ...others] = failures
  if (!first) throw new Error(`There is no way to get ${name}.`)
  if (others.length === 0) throw first
  throw new Failure({
    what: first.what,
    why: failures.map((failure) => failure.why).join('\n\n'),
    next: first.next,
  })
}

async function fetchBy(name: ToolName, recipe: Recipe, step: Step, context: FetchContext): Promise<ResolvedTool> {
  const { around } = context
  const { version } = around.pins[name]
  const home = toolFolder(around.cache, name, version, recipe, around.platform)
  const log = join(around.cache, 'logs', `${name}-${version}.log`)
  try {
    return await withLock(`tool:${home}`, () => fetchLocked(name, recipe, { home, log, step, context }), {
      signal: around.signal,
      onWait: (holder) => step.note(`waiting for another Runlight process (${holder}) that is getting it`),
    })
  } catch (error) {
    around.signal.throwIfAborted()
    throw asFailure(name, version, recipe, error, log)
  }
}

interface Place {
  home: string
  log: string
  step: Step
  context: FetchContext
}

async function fetchLocked(name: ToolName, recipe: Recipe, place: Place): Promise<ResolvedTool> {
  const { around } = place.context
  const source = sourceOf(recipe)
  const done = await locateInCache(name, around)
  if (done) return done
  await mkdir(dirname(place.log), { recursive: true })
  await writeFile(place.log, '')
  const job = jobFor(name, place)
  if (source.install) {
    await source.install(recipe, job)
    return foundOnSystem(name, around)
  }
  const started = Date.now()
  const entry = await publish(place.home, async (into) => {
    const scratch = `${into}-scratch`
    await mkdir(scratch)
    try {
      // What the programs leave in their temporary folder when they are interrupted goes with ours.
      const env = { ...job.env, TMPDIR: join(scratch, 'tmp') }
      await mkdir(env.TMPDIR)
      const bin = (await source.fill?.(recipe, { ...job, env, into, scratch })) ?? {}
      await check(name, into, bin, around)
      const seconds = Math.round((Date.now() - started) / 1000)
      return { name, version: around.pins[name].version, source: recipe.kind, bin, seconds }
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  })
  const bin = Object.fromEntries(Object.entries(entry.bin).map(([key, path]) => [key, join(place.home, path)]))
  return { name, version: entry.version, source: 'built', bin, home: place.home }
}

function jobFor(name: ToolName, { log, step, context }: Place): Job {
  const { around } = context
  return {
    pin: around.pins[name],
    platform: around.platform,
    env: around.env,
    note: step.note,
    run: (command) => run({ ...command, signal: around.signal, log }),
    need: context.need,
    downloads: context.downloads,
    builds: context.builds,
    signal: around.signal,
  }
}

/** Runs what was made, so that nothing broken is kept: the binaries are there, start, and are of the pinned version. */
async function check(name: ToolName, into: string, bin: Record<string, string>, around: Surroundings): Promise<void> {
  const { probe, version, binaries } = around.pins[name]
  for (const binary of binaries) {
    await access(join(into, bin[binary] ?? binary), constants.X_OK).catch((cause: unknown) => {
      throw new CommandFailed(`It came without ${binary}.`, [], { cause })
    })
  }
  const probed = probe && bin[probe.binary]
  if (!probe || probed === undefined) return
  const said = await probeVersion(join(into, probed), probe, { env: around.env, signal: around.signal })
  if (said.error !== undefined) throw new CommandFailed('It does not run.', [said.error])
  if (semver.eq(said.version, version)) return
  throw new CommandFailed(`It says that it is version ${said.version}, not ${version}.`, [])
}

async function foundOnSystem(name: ToolName, around: Surroundings): Promise<ResolvedTool> {
  const { tool, unfit } = await locate(name, around)
  if (tool) return tool
  throw new CommandFailed(`It was installed, but no fitting copy is on PATH now. ${unfit}`, [])
}

function asFailure(name: ToolName, version: string, recipe: Recipe, error: unknown, log: string): unknown {
  if (error instanceof Failure) return error
  const lines = error instanceof CommandFailed ? error.tail : []
  const code = (error as NodeJS.ErrnoException).code
  if (!(error instanceof CommandFailed) && code === undefined) return error
  const message = (error as Error).message
  return new Failure(
    {
      what: `${name} ${version} could not be got as ${sourceOf(recipe).label}.`,
      why: [message, ...lines.slice(-15)].join('\n'),
      next: nextStep([message, ...lines], log),
    },
    { cause: error },
  )
}
