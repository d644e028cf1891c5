import type { Recipes, RecipeKind, Platform, ToolName, ToolPin } from '../versions.ts'
import type { Command } from '../command.ts'
import type { Slots } from '../slots.ts'

/** A tool as the rest of Runlight uses it. */
export interface ResolvedTool {
  name: ToolName
  version: string
  /** Found on PATH, in our cache, or just fetched into it. */
  source: 'path' | 'cache' | 'built'
  /** Binary name → absolute path. Kafka's `libs` is a folder of jars. */
  bin: Record<string, string>
  /** The folder that it lies in. */
  home: string
}

/** What a source gets to do its work with. */
export interface Job {
  pin: ToolPin
  platform: Platform
  env: NodeJS.ProcessEnv
  /** Tells what is done now. */
  note: (text: string) => void
  /** Runs a program with its output logged, ended by Ctrl-C. */
  run: (command: Omit<Command, 'signal' | 'log'>) => Promise<string>
  /** Gets another tool that this source works with. */
  need: (name: ToolName) => Promise<ResolvedTool>
  downloads: Slots
  builds: Slots
  signal: AbortSignal
}

/** A job whose result is a folder of our cache. */
export interface FillJob extends Job {
  /** An empty folder to fill; it becomes the tool's folder when all went well. */
  into: string
  /** An empty folder for what isn't kept. */
  scratch: string
}

/** One way of getting tools. Each is a module of its own; nothing else knows what one does. */
export interface Source<Kind extends RecipeKind> {
  /** For messages: `Go module`, `Python package`. */
  label: string
  /** The tools that this source works with, which must be there first. */
  needs: readonly ToolName[]
  /** Why this source can't serve this machine; undefined if it can. */
  unsupported?: (recipe: Recipes[Kind], platform: Platform) => string | undefined
  /** Fills `job.into`; returns binary name → path relative to it. A source has either this or `install`. */
  fill?: (recipe: Recipes[Kind], job: FillJob) => Promise<Record<string, string>>
  /** Installs the tool for the whole machine, where it is then found on PATH. */
  install?: (recipe: Recipes[Kind], job: Job) => Promise<void>
}
