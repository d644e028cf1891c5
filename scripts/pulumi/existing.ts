// The environment that set-up has left, for verbs that must not set anything up.

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { chooseBackend, type Backend } from '../environment/backend.ts'
import { readIfThere } from '../environment/files.ts'
import { runlightHome, type Home } from '../environment/home.ts'
import { readProject, settingsFile, type Project } from '../environment/project.ts'
import { pulumiVariables, withVariables } from '../environment/variables.ts'
import type { ResolvedTool } from '../tools/resolve.ts'

export interface ExistingStack {
  stack: string
  project: Project
  home: Home
  backend: Backend
  /** The environment in which `pulumi` works on the stack; undefined when set-up was never run. */
  env: NodeJS.ProcessEnv | undefined
  settingsFile: string
  /** The folder of the components' data and logs. */
  folder: string
}

export async function existingStack(stack: string): Promise<ExistingStack> {
  const home = runlightHome()
  const project = await readProject()
  const settings = settingsFile(home, project, stack)
  const backend = await chooseBackend(home, process.env)
  const tools = await readIfThere(home.tools)
  const pulumi = tools && (JSON.parse(tools) as { tools: Partial<Record<string, ResolvedTool>> }).tools['pulumi']
  const env = pulumi ? withVariables(process.env, pulumiVariables(home, backend, pulumi, settings)) : undefined
  return { ...{ stack, project, home, backend, env }, settingsFile: settings, folder: join(home.root, stack) }
}

/** Whether Pulumi knows the stack. Another backend than our own is not asked: settings with credentials tell. */
export function hasState({ stack, project, home, backend, settingsFile }: ExistingStack): boolean {
  return backend.kind === 'own'
    ? existsSync(join(stacksFolder(home, project), `${stack}.json`))
    : existsSync(settingsFile)
}

/** The stacks that our own backend still has. */
export async function remainingStacks({ home, project }: ExistingStack): Promise<string[]> {
  const names = await readdir(stacksFolder(home, project)).catch(() => [])
  return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length))
}

function stacksFolder(home: Home, project: Project): string {
  return join(home.backend, '.pulumi', 'stacks', project.name)
}
