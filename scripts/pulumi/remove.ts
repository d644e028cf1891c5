// `npm run down -- --volumes`: state, generated credentials, data and logs of a stack.

import { existsSync } from 'node:fs'
import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { portHolder } from '../../stacks/plugin/port-holder.ts'
import { componentFoldersInUse } from '../../stacks/plugin/record.ts'
import { cloneRoot } from '../environment/home.ts'
import { Failure } from '../failure.ts'
import { run } from '../tools/command.ts'
import { hasState, remainingStacks, type ExistingStack } from './existing.ts'

/** Removes everything of a stack that is down; the last stack takes the environment of set-up with it. */
export async function removeStack(existing: ExistingStack, signal: AbortSignal): Promise<void> {
  const { stack, home, backend, env, settingsFile, folder } = existing
  if (env && hasState(existing)) {
    const args = [
      'stack',
      'rm',
      stack,
      '--yes',
      '--force',
      '--remove-backups',
      '--preserve-config',
      '--non-interactive',
    ]
    await run({ file: 'pulumi', args, cwd: cloneRoot, env, signal })
  }
  await rm(folder, { recursive: true, force: true })
  if (isGenerated(existing)) await rm(settingsFile, { force: true })
  if (backend.kind !== 'own' || (await remainingStacks(existing)).length > 0) return
  // A folder that RUNLIGHT_HOME names may hold more than is ours.
  const reports = join(home.root, 'reports')
  const ours = [home.backend, home.pulumiHome, home.passphrase, home.tools, home.env, reports]
  for (const path of home.isDefault ? [home.root] : ours) await rm(path, { recursive: true, force: true })
  if (existsSync(home.root) && (await readdir(home.root)).length === 0) await rmdir(home.root)
}

/** The settings of a person's own stack are generated with its credentials; those of a shared one are kept. */
function isGenerated({ stack }: ExistingStack): boolean {
  return ['local', 'dev'].includes(stack.split('-')[0] ?? '')
}

/** @throws Failure that names every process, port or file of the stack that is still there */
export function verifyRemoved(existing: ExistingStack, ports: readonly number[]): void {
  const { stack, folder, settingsFile } = existing
  const left = [
    ...componentFoldersInUse(folder).map((path) => `a process of ${path}`),
    ...ports.flatMap((port) => {
      const holder = portHolder(port)
      return holder ? [`port ${port}, held by process ${holder.pid ?? 'unknown'} (${holder.command ?? 'unknown'})`] : []
    }),
    ...[folder, ...(isGenerated(existing) ? [settingsFile] : [])].filter((path) => existsSync(path)),
  ]
  if (left.length === 0) return
  throw new Failure({
    what: `Something of the stack ${stack} is left.`,
    why: left.join('\n'),
    next: 'Stop or remove it by hand, and report how it came to stay.',
  })
}
