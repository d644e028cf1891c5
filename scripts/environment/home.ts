import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The clone that this file lies in. */
export const cloneRoot: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The git-ignored folder of one clone's state, credentials and logs, and where its files are. */
export interface Home {
  root: string
  /** True for `<clone>/.runlight`; false where `RUNLIGHT_HOME` names another folder, with a stack of its own. */
  isDefault: boolean
  /** Paths of the resolved tools, read by the Pulumi program. */
  tools: string
  /** Sourced by a shell before `pulumi`. */
  env: string
  /** The folder of Pulumi's file backend. */
  backend: string
  /** Pulumi's own folder: its CLI, plugins and selected stacks. */
  pulumiHome: string
  passphrase: string
}

/** The home that `RUNLIGHT_HOME` names, else `<clone>/.runlight`. */
export function runlightHome(env: NodeJS.ProcessEnv = process.env): Home {
  const byDefault = join(cloneRoot, '.runlight')
  const root = env['RUNLIGHT_HOME'] ? resolve(env['RUNLIGHT_HOME']) : byDefault
  return {
    root,
    isDefault: root === byDefault,
    tools: join(root, 'tools.json'),
    env: join(root, 'env'),
    backend: join(root, 'pulumi'),
    pulumiHome: join(root, 'pulumi-home'),
    passphrase: join(root, 'passphrase'),
  }
}
