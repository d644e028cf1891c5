// The tools that `npm run setup` has prepared, as it has written them down.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { programError } from '../program-error.ts'

export interface Tool {
  name: string
  version: string
  /** Binary or folder by name: absolute path. */
  bin: Readonly<Record<string, string>>
}

export type Tools = (name: string) => Tool

/** @throws programError when set-up was not run, or not for this tool */
export function readTools(home: string): Tools {
  const file = join(home, 'tools.json')
  const next = 'Run `npm run setup` first.'
  let tools: Readonly<Record<string, Tool>>
  try {
    tools = (JSON.parse(readFileSync(file, 'utf8')) as { tools: typeof tools }).tools
  } catch (cause) {
    throw programError(`The list of tools cannot be read (${(cause as Error).message}). ${next}`)
  }
  return (name) => {
    const tool = tools[name]
    if (!tool)
      throw programError(
        `${file} lists no tool ${name}. Run \`npm run setup\`. If that does not add it (Redpanda, Redpanda Console, ` +
          'Grafana), it runs in containers only: use a stack `dev`, or leave it out of the settings.',
      )
    return tool
  }
}

/** @throws programError when the tool does not bring it */
export function binaryOf(tool: Tool, name: string): string {
  const path = tool.bin[name]
  if (!path) throw programError(`The tool ${tool.name} ${tool.version} brings no ${name}. Run \`npm run setup\`.`)
  return path
}
