import { Failure } from '../failure.ts'
import { locate, waysOf } from './locate.ts'
import type { Surroundings } from './locate.ts'
import { sources } from './sources/all.ts'
import type { ResolvedTool, Source } from './sources/source.ts'
import type { Recipe, RecipeKind, Recipes, ToolName } from './versions.ts'

/** A tool that is there, one that can be got, or one that can't. */
export type Plan =
  | { state: 'there'; tool: ResolvedTool }
  | { state: 'obtainable'; ways: readonly Recipe[]; unfit: string }
  | { state: 'missing'; failure: Failure; unfit: string }

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

  async #make(name: ToolName): Promise<Plan> {
    const located = await locate(name, this.around)
    if (located.tool) return { state: 'there', tool: located.tool }
    const { unfit } = located
    const ways: Recipe[] = []
    const problems: string[] = []
    const hints = new Set<string>()
    for (const recipe of waysOf(this.around.pins, name)) {
      const problem = await this.#problemOf(recipe, hints)
      if (problem === undefined) ways.push(recipe)
      else problems.push(problem)
    }
    if (ways.length > 0) return { state: 'obtainable', ways, unfit }
    return { state: 'missing', failure: this.#failure(name, unfit, problems, hints), unfit }
  }

  /** Why a recipe can't be followed here; adds what a person could install to `hints`. */
  async #problemOf(recipe: Recipe, hints: Set<string>): Promise<string | undefined> {
    const { platform } = this.around
    if (!platform) return `nothing is pinned for ${process.platform}-${process.arch}`
    const source = sourceOf(recipe)
    const unsupported = source.unsupported?.(recipe, platform)
    if (unsupported !== undefined) return unsupported
    for (const need of source.needs) {
      const plan = await this.plan(need)
      if (plan.state !== 'missing') continue
      hints.add(plan.failure.next)
      return `the ${source.label} needs ${need}: ${plan.failure.why}`
    }
    return undefined
  }

  #failure(name: ToolName, unfit: string, problems: readonly string[], hints: ReadonlySet<string>): Failure {
    const pin = this.around.pins[name]
    const why = [unfit || `there is no ${name} on PATH`, ...problems].join('\n')
    const install = pin.install ?? `install ${name} ${pin.accepts ?? pin.version} so that it is on PATH`
    return new Failure({
      what: `${name} is missing.`,
      why,
      next: hints.size > 0 ? [...hints].join('; or ') : install,
    })
  }
}

/** The source that follows a recipe, typed for it. */
export function sourceOf<Kind extends RecipeKind>(recipe: Recipes[Kind]): Source<Kind> {
  return sources[recipe.kind as Kind]
}
