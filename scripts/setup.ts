// `npm run setup [-- --stack <name>]`: the tools and the git-ignored environment of a stack, and nothing else.

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { npmRun } from './npm-run.ts'
import { prepareEnvironment } from './environment/prepare.ts'
import type { Prepared } from './environment/prepare.ts'
import { progressFor } from './terminal/progress.ts'
import type { Progress } from './terminal/progress.ts'
import { runVerb } from './verb.ts'

export interface SetupOptions {
  /** The stack to prepare; `local` by default. */
  stack?: string
  progress?: Progress
  signal?: AbortSignal
}

/** Does what `npm run setup` does, for other verbs. Shows progress only where something takes time. */
export async function setup(options: SetupOptions = {}): Promise<Prepared> {
  const progress = options.progress ?? progressFor()
  const signal = options.signal ?? new AbortController().signal
  try {
    return await prepareEnvironment({ stack: options.stack ?? 'local', progress, signal })
  } finally {
    if (!options.progress) progress.close()
  }
}

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { stack: { type: 'string', default: 'local' } } })
  const { stack, home, tools, backend } = await setup({ stack: values.stack, signal })
  const count = Object.keys(tools).length
  console.log(`Stack ${stack} is set up in ${home.root}; ${count} tools are ready.`)
  if (backend.kind === 'elsewhere')
    console.log(`Its state is kept where you are logged in, not in the clone: ${backend.because}.`)
  console.log(`Next: ${npmRun('up', stack)}, or  . ${home.env} && pulumi up --stack ${stack}`)
  return 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runVerb('setup', main)
