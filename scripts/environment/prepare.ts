import { mkdir } from 'node:fs/promises'
import process from 'node:process'
import { withLock } from '../process-lock.mjs'
import type { Progress } from '../terminal/progress.ts'
import { resolveTools } from '../tools/resolve.ts'
import type { ResolvedTool, ToolName } from '../tools/resolve.ts'
import { toolsForStack } from '../tools/versions.ts'
import { chooseBackend } from './backend.ts'
import type { Backend } from './backend.ts'
import { ensureSecretFile, linkInto, writeIfChanged } from './files.ts'
import { runlightHome } from './home.ts'
import type { Home } from './home.ts'
import { readProject, settingsFile } from './project.ts'
import { ensureStack } from './stack.ts'
import { listTools } from './tools-file.ts'
import { pulumiBin, pulumiVariables, shellFile, withVariables } from './variables.ts'

export interface PrepareOptions {
  stack: string
  progress: Progress
  signal: AbortSignal
  env?: NodeJS.ProcessEnv
}

/** What `npm run setup` made, for the verbs that go on from there. */
export interface Prepared {
  stack: string
  home: Home
  backend: Backend
  tools: Partial<Record<ToolName, ResolvedTool>>
  /** The environment in which `pulumi` works on the stack. */
  env: NodeJS.ProcessEnv
  settingsFile: string
}

/**
 * Prepares a clone for a stack: its tools, the git-ignored environment, and the stack itself with its generated
 * credentials. Does only what isn't done yet, so it can be called at any time.
 */
export async function prepareEnvironment(options: PrepareOptions): Promise<Prepared> {
  const { stack, progress, signal } = options
  const env = options.env ?? process.env
  const home = runlightHome(env)
  const tools = await resolveTools(['pulumi', 'pulumi-language-nodejs', ...toolsForStack(stack)], {
    env,
    signal,
    progress,
  })
  const project = await readProject()
  const settings = settingsFile(home, project, stack)
  const onWait = (holder: number | undefined): void =>
    progress.say(`Waiting for another Runlight process (${holder}) that is preparing ${home.root}.`)
  return withLock(
    `setup:${home.root}`,
    async () => {
      const backend = await chooseBackend(home, env)
      const variables = pulumiVariables(home, backend, tools.pulumi, settings)
      const prepared = {
        ...{ stack, home, backend, tools, settingsFile: settings },
        env: withVariables(env, variables),
      }
      await mkdir(home.backend, { recursive: true })
      await linkInto(pulumiBin(home, tools.pulumi), { ...tools.pulumi.bin, ...tools['pulumi-language-nodejs'].bin })
      await listTools(home.tools, Object.values(tools))
      await writeIfChanged(home.env, shellFile(variables))
      const isNewPassphrase = await ensureSecretFile(home.passphrase)
      await ensureStack(prepared, { project, isNewPassphrase, progress, signal })
      return prepared
    },
    { signal, onWait },
  )
}
