import { Failure } from '../failure.ts'
import { locate, waysOf } from './locate.ts'
import type { Surroundings } from './locate.ts'
import { sources } from './sources/all.ts'
import type { ResolvedTool, Source } from './sources/source.ts'
import type { Recipe, RecipeKind, Recipes, ToolName } from './versions.ts'

/** A tool that is there, one that can be got, or one that can't. */
export type Plan =
  | { state: 'there'; tool: ResolvedTool }
  /** `obstacles`: why its other ways can't be gone here, should those that can fail. */
  | { state: 'obtainable'; ways: readonly Recipe[]; unfit: string; obstacles: readonly string[] }
  | Missing

interface Missing {
  state: 'missing'
  /** Why: what is on PATH and doesn't serve, and why no source works here. */
  why: string
  /** What a person has to install: this tool itself, or those that it could be got with. */
  causes: readonly ToolName[]
}

/** Finds out about tools without fetching any; asks once for each. */
export class Planner {
  readonly around: Surroundings
  #plans = new Map<ToolName, Promise<Plan>>()

  constructor(around: Surroundings) {
    this.around = around
  }

  plan(name: ToolName): Promise<Plan> {
    const known = this.#plans.get(name)
    if (known) return known
    const plan = this.#make(name)
    this.#plans.set(name, plan)
    return plan
  }

  /** What a person has to install so that these tools can be got: a failure for each, with what needs it. */
  async missing(names: readonly ToolName[]): Promise<Failure[]> {
    const neededFor = new Map<ToolName, ToolName[]>()
    for (const name of names) {
      const plan = await this.plan(name)
      if (plan.state !== 'missing') continue
      for (const cause of plan.causes) neededFor.set(cause, [...(neededFor.get(cause) ?? []), name])
    }
    return Promise.all([...neededFor].map(([cause, needing]) => this.#failure(cause, needing)))
  }

  /** What a person can do to have a tool. */
  install(name: ToolName): string {
    const { install, accepts, version } = this.around.pins[name]
    return install ?? `install ${name} ${accepts ?? version} so that it is on PATH`
  }

  async #make(name: ToolName): Promise<Plan> {
    const located = await locate(name, this.around)
    if (located.tool) return { state: 'there', tool: located.tool }
    const { unfit } = located
    const ways: Recipe[] = []
    const problems: string[] = []
    const causes = new Set<ToolName>()
    for (const recipe of waysOf(this.around.pins, name)) {
      const obstacle = await this.#obstacle(recipe)
      if (!obstacle) ways.push(recipe)
      else {
        problems.push(obstacle.problem)
        for (const cause of obstacle.causes) causes.add(cause)
      }
    }
    if (ways.length > 0) return { state: 'obtainable', ways, unfit, obstacles: problems }
    const why = [unfit || `there is no ${name} on PATH`, ...problems].join('\n')
    // Where the pin says what to install, that is the shortest way, whatever it could be got with.
    const itself = causes.size === 0 || this.around.pins[name].install !== undefined
    return { state: 'missing', why, causes: itself ? [name] : [...causes] }
  }

  /** Why a recipe can't be followed on this machine, and what a person could install so that it can. */
  async #obstacle(recipe: Recipe): Promise<{ problem: string; causes: readonly ToolName[] } | undefined> {
    const { platform } = this.around
    if (!platform) return { problem: `nothing is pinned for ${process.platform}-${process.arch}`, causes: [] }
    const source = sourceOf(recipe)
    const unsupported = source.unsupported?.(recipe, platform)
    if (unsupported !== undefined) return { problem: unsupported, causes: [] }
    const plans = await Promise.all(source.needs.map((need) => this.plan(need)))
    const causes = new Set(plans.flatMap((plan) => (plan.state === 'missing' ? plan.causes : [])))
    if (causes.size === 0) return undefined
    return { problem: `to get it as ${source.label}, ${[...causes].join(' and ')} must be there`, causes: [...causes] }
  }

  async #failure(name: ToolName, neededFor: readonly ToolName[]): Promise<Failure> {
    const plan = await this.plan(name)
    const others = neededFor.filter((each) => each !== name)
    const lines = [plan.state === 'missing' ? plan.why : '', others.length > 0 ? `needed for ${others.join(', ')}` : '']
    return new Failure({
      what: `${name} is missing.`,
      why: lines.filter((line) => line !== '').join('\n'),
      next: this.install(name),
    })
  }
}

/** The source that follows a recipe, typed for it. */
export function sourceOf<Kind extends RecipeKind>(recipe: Recipes[Kind]): Source<Kind> {
  return sources[recipe.kind as Kind]
}
