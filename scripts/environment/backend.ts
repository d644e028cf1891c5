import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Home } from './home.ts'

/** Where Pulumi keeps the state of stacks. */
export type Backend =
  | { kind: 'own'; url: string }
  /** The person's own choice; `pulumiHome` is set if the login lies in that folder and nowhere else. */
  | { kind: 'elsewhere'; because: string; pulumiHome?: string }

/** Names our own backend in the environment file, so that a shell that sourced it isn't taken for a login elsewhere. */
export const ownBackendVariable = 'RUNLIGHT_BACKEND_URL'

/**
 * Our file backend, unless the person has logged in elsewhere: by PULUMI_BACKEND_URL, by PULUMI_ACCESS_TOKEN, or by
 * `pulumi login`. A home of its own (RUNLIGHT_HOME) always has its own backend: it is there to be independent.
 */
export async function chooseBackend(home: Home, env: NodeJS.ProcessEnv): Promise<Backend> {
  const own: Backend = { kind: 'own', url: pathToFileURL(home.backend).href }
  if (!home.isDefault) return own
  const url = env['PULUMI_BACKEND_URL']
  if (url && url !== own.url && url !== env[ownBackendVariable])
    return { kind: 'elsewhere', because: 'PULUMI_BACKEND_URL is set' }
  if (env['PULUMI_ACCESS_TOKEN']) return { kind: 'elsewhere', because: 'PULUMI_ACCESS_TOKEN is set' }
  const theirs = env[ownBackendVariable] ? undefined : env['PULUMI_HOME']
  const pulumiHome = theirs || join(env['HOME'] || homedir(), '.pulumi')
  const current = await currentLogin(pulumiHome)
  if (current) return { kind: 'elsewhere', because: `you are logged in to ${current}`, pulumiHome }
  return own
}

async function currentLogin(pulumiHome: string): Promise<string | undefined> {
  try {
    const credentials = JSON.parse(await readFile(join(pulumiHome, 'credentials.json'), 'utf8')) as { current?: string }
    return credentials.current || undefined
  } catch {
    return undefined
  }
}
