// What a stack has on a Docker engine beside what Pulumi takes away: its volumes, and containers that it no longer knows.

import { parse } from 'yaml'
import { engineHost, isOnThisMachine, readEngine, removeFromEngine } from '../../stacks/platforms/docker/engine.ts'
import { LABELS } from '../../stacks/platforms/docker/labels.ts'
import { readIfThere } from '../environment/files.ts'
import { Failure } from '../failure.ts'
import { npmRun } from '../npm-run.ts'
import type { ExistingStack } from './existing.ts'

interface StackFile {
  config?: { 'runlight:environment'?: string; 'runlight:docker'?: { host?: string } }
}

/** The engine of a stack that runs on one, as its settings name it; undefined for stacks of another platform. */
export async function engineOf({ stack, settingsFile }: ExistingStack): Promise<string | undefined> {
  const { config = {} } = (parse((await readIfThere(settingsFile)) ?? '') ?? {}) as StackFile
  const environment = config['runlight:environment'] ?? stack.split('-')[0]
  return environment === 'dev' ? engineHost(config['runlight:docker']?.host ?? '', process.env) : undefined
}

/** Whether the ports of a stack are those of this machine: its programs run here, or its engine does. */
export function hasPortsHere(engine: string | undefined): boolean {
  return engine === undefined || isOnThisMachine(engine)
}

/**
 * Removes every container and volume with the stack's label; gives their names.
 * @throws Failure when the engine cannot be reached, or refuses
 */
export async function removeFromStack(host: string, stack: string): Promise<string[]> {
  try {
    return await removeLabelled(host, stack)
  } catch (cause) {
    throw new Failure(
      {
        what: `The containers and volumes of stack ${stack} were not all removed.`,
        why: (cause as Error).message,
        next: `Once the engine answers, run \`${npmRun('down', stack, '--volumes')}\` again.`,
      },
      { cause },
    )
  }
}

async function removeLabelled(host: string, stack: string): Promise<string[]> {
  const { containers, volumes } = await readEngine(host, process.env)
  const removed: string[] = []
  const isOurs = (labels: Readonly<Record<string, string>>) => labels[LABELS.stack] === stack
  for (const { Names } of containers.filter(({ Labels }) => isOurs(Labels))) {
    const name = Names[0]?.slice(1) ?? ''
    await removeFromEngine(host, `/containers/${name}?force=1`, process.env)
    removed.push(`container ${name}`)
  }
  for (const { name } of volumes.filter(({ labels }) => isOurs(labels))) {
    await removeFromEngine(host, `/volumes/${encodeURIComponent(name)}`, process.env)
    removed.push(`volume ${name}`)
  }
  return removed
}
