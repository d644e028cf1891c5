import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { cloneRoot } from './home.ts'
import type { Home } from './home.ts'

/** What Pulumi.yaml says that set-up needs to know. */
export interface Project {
  name: string
  /** The folder of the stacks' settings files. */
  settingsFolder: string
}

/** Reads the clone's Pulumi.yaml. */
export async function readProject(clone: string = cloneRoot): Promise<Project> {
  const { name, stackConfigDir } = parse(await readFile(join(clone, 'Pulumi.yaml'), 'utf8')) as Record<string, unknown>
  if (typeof name !== 'string') throw new Error(`${join(clone, 'Pulumi.yaml')} has no name.`)
  return { name, settingsFolder: join(clone, typeof stackConfigDir === 'string' ? stackConfigDir : '.') }
}

/**
 * The settings file of a stack. Another home than the clone's own has a file of its own, so that two stacks of one
 * name can stand side by side.
 */
export function settingsFile(home: Home, project: Project, stack: string): string {
  return join(home.isDefault ? project.settingsFolder : home.root, `Pulumi.${stack}.yaml`)
}
