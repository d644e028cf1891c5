import { delimiter, join } from 'node:path'
import type { ResolvedTool } from '../tools/resolve.ts'
import { ownBackendVariable } from './backend.ts'
import type { Backend } from './backend.ts'
import { cloneRoot } from './home.ts'
import type { Home } from './home.ts'

/** Variables to set, or (null) to take away; `path` goes before the PATH there is. */
export interface Variables {
  set: Record<string, string | null>
  path: readonly string[]
}

/** The folder that `pulumi` and its language host are linked into, where npm's `pulumi` wrapper looks for them. */
export function pulumiBin(home: Home, pulumi: ResolvedTool): string {
  return join(home.pulumiHome, 'versions', pulumi.version, 'bin')
}

/** The environment in which a bare `pulumi` works on this home's stack. */
export function pulumiVariables(home: Home, backend: Backend, pulumi: ResolvedTool, settings: string): Variables {
  const set: Record<string, string | null> = {
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // The version that npm's wrapper looks for; left alone it would download its own.
    PULUMI_VERSION: pulumi.version,
    PULUMI_CONFIG_PASSPHRASE_FILE: home.passphrase,
  }
  if (!home.isDefault) {
    set['RUNLIGHT_HOME'] = home.root
    // Pulumi takes every flag from a variable of this form; this one is --config-file.
    set['PULUMI_OPTION_CONFIG_FILE'] = settings
  }
  if (backend.kind === 'own') {
    set['PULUMI_HOME'] = home.pulumiHome
    set['PULUMI_BACKEND_URL'] = backend.url
    set[ownBackendVariable] = backend.url
    // It would be used before the file, and is another project's.
    set['PULUMI_CONFIG_PASSPHRASE'] = null
  } else if (backend.pulumiHome === undefined) {
    set['PULUMI_HOME'] = home.pulumiHome
  }
  return { set, path: [pulumiBin(home, pulumi), join(cloneRoot, 'node_modules', '.bin')] }
}

/** An environment with the variables put in. */
export function withVariables(env: NodeJS.ProcessEnv, { set, path }: Variables): NodeJS.ProcessEnv {
  const result: NodeJS.ProcessEnv = { ...env, PATH: [...path, env['PATH'] ?? ''].join(delimiter) }
  for (const [name, value] of Object.entries(set)) result[name] = value ?? undefined
  return result
}

/** The variables as a file that any POSIX shell can source, also more than once. */
export function shellFile({ set, path }: Variables): string {
  const lines = ['# Written by `npm run setup`. Source it before using pulumi by hand:  . ./.runlight/env']
  for (const [name, value] of Object.entries(set)) {
    lines.push(value === null ? `unset ${name}` : `export ${name}=${quoted(value)}`)
  }
  const front = quoted(`${path.join(delimiter)}${delimiter}`)
  lines.push(`case "$PATH" in ${front}*) ;; *) PATH=${front}"$PATH" ;; esac`)
  return `${lines.join('\n')}\nexport PATH\n`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
