import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'
import semver from 'semver'
import { Planner, sourceOf } from '../tools/plan.ts'
import type { Plan } from '../tools/plan.ts'
import { surroundingsOf } from '../tools/resolve.ts'
import type { ResolveOptions } from '../tools/resolve.ts'
import { toolNames, toolsForStack } from '../tools/versions.ts'
import type { ToolName } from '../tools/versions.ts'

/** One line of the doctor's report. */
export interface Finding {
  name: string
  /** The pinned version, or the accepted range. */
  wanted: string
  /**
   * `ready`: there, in a fitting version; `obtainable`: `npm run setup` will get it; `missing`: needed, and a person
   * has to act; `unneeded`: not there, and nothing needs it now.
   */
  state: 'ready' | 'obtainable' | 'missing' | 'unneeded'
  /** The version and place of what was found, or how it will be got, or why it is missing. */
  found: string
  /** What needs it. */
  neededBy: string[]
  /** What to do; only where installing this one is what helps. */
  next?: string
}

export interface Examination {
  stack: string
  findings: Finding[]
  /** The cache folder, its free disk in MB, and what fetching all that isn't there takes at most. */
  disk: { cache: string; freeMegabytes: number; neededMegabytes: number }
  ok: boolean
}

const neededNode = '>=20.19.0'

/** Looks at all that a stack needs on this machine. Installs and changes nothing. */
export async function examine(stack: string, options: ResolveOptions = {}): Promise<Examination> {
  const planner = new Planner(surroundingsOf(options))
  const { pins, cache } = planner.around
  const plans = new Map(await Promise.all(toolNames.map(async (name) => [name, await planner.plan(name)] as const)))
  const needs = whoNeeds(toolsForStack(stack), plans, planner)

  const findings = [nodeFinding()]
  let neededMegabytes = 0
  for (const name of toolNames) {
    const plan = plans.get(name) as Plan
    const neededBy = needs.get(name) ?? []
    // What no stack of this kind uses and isn't here (alertmanager, k6) is no news.
    if (neededBy.length === 0 && plan.state !== 'there' && !isFetcher(name)) continue
    const finding = findingOf(name, pins[name].accepts ?? pins[name].version, plan, neededBy)
    const isCause = plan.state === 'missing' && plan.causes.includes(name)
    findings.push(finding.state === 'missing' && isCause ? { ...finding, next: planner.install(name) } : finding)
    if (plan.state === 'obtainable' && neededBy.length > 0) neededMegabytes += plan.ways[0]?.megabytes ?? 0
  }
  const disk = { cache, freeMegabytes: await freeMegabytes(cache), neededMegabytes }
  return { stack, findings, disk, ok: findings.every((finding) => finding.state !== 'missing') }
}

function findingOf(name: ToolName, wanted: string, plan: Plan, neededBy: string[]): Finding {
  const finding = { name, wanted, neededBy }
  if (plan.state === 'there') {
    const { version, home, source } = plan.tool
    return { ...finding, state: 'ready', found: `${version} in ${home}${source === 'cache' ? ' (ours)' : ''}` }
  }
  if (plan.state === 'missing') {
    const state = neededBy.length > 0 ? 'missing' : 'unneeded'
    return { ...finding, state, found: plan.why.replaceAll('\n', '; ') }
  }
  const unfit = plan.unfit && `; ${plan.unfit}`
  if (neededBy.length === 0) return { ...finding, state: 'unneeded', found: `not found${unfit}` }
  const labels = plan.ways.map((recipe) => sourceOf(recipe).label)
  return { ...finding, state: 'obtainable', found: `to be got as ${labels.join(' or ')}${unfit}` }
}

/** Tools that get others: npm, Python, Go, Java and Maven are always shown, as people install them themselves. */
function isFetcher(name: ToolName): boolean {
  return ['go', 'java', 'maven', 'python', 'npm'].includes(name)
}

/** Who needs each tool now: the stack, a tool that runs on it, or one that can be got only with it. */
function whoNeeds(
  wanted: readonly ToolName[],
  plans: ReadonlyMap<ToolName, Plan>,
  { around: { pins } }: Planner,
): Map<ToolName, string[]> {
  const needs = new Map<ToolName, string[]>()
  const add = (name: ToolName, by: string): void => {
    const known = needs.get(name) ?? []
    if (known.includes(by)) return
    needs.set(name, [...known, by])
    const plan = plans.get(name)
    for (const run of pins[name].runsOn ?? []) add(run, name)
    if (plan?.state === 'there') return
    const recipe = plan?.state === 'obtainable' ? plan.ways[0] : pins[name].sources[0]
    for (const need of recipe ? sourceOf(recipe).needs : []) add(need, name)
  }
  for (const name of wanted) add(name, 'the stack')
  return needs
}

function nodeFinding(): Finding {
  const version = process.versions.node
  const ready = semver.satisfies(version, neededNode)
  const finding = { name: 'node', wanted: neededNode, found: `${version} in ${dirname(process.execPath)}` }
  if (ready) return { ...finding, state: 'ready', neededBy: ['Runlight'] }
  return { ...finding, state: 'missing', neededBy: ['Runlight'], next: 'install Node 20.19 or newer' }
}

async function freeMegabytes(folder: string): Promise<number> {
  let there = folder
  while (!existsSync(there)) there = dirname(there)
  const { bavail, bsize } = await statfs(there)
  return Math.floor((bavail * bsize) / 1_000_000)
}
