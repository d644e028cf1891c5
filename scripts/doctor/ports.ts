// Ports that a stack would listen on, and who holds them.

import { parse } from 'yaml'
import { portHolder } from '../../stacks/plugin/port-holder.ts'
import { componentFoldersInUse, processesOf } from '../../stacks/plugin/record.ts'
import { ENVIRONMENTS } from '../../stacks/settings/schema.ts'
import { DECLARATIONS } from '../../stacks/settings/walk.ts'
import { readIfThere } from '../environment/files.ts'
import { engineOf, hasPortsHere } from '../pulumi/containers.ts'
import { existingStack } from '../pulumi/existing.ts'

export interface TakenPort {
  port: number
  /** The setting that moves it. */
  setting: string
  holder: string
}

/** Only inside a container, or of a component that does not run there. */
const NOT_LISTENED_ON: Partial<Record<string, readonly string[]>> = {
  local: ['bus.adminPort', 'console.port', 'grafana.port'],
  dev: ['bus.controllerPort', 'bus.adminPort', 'loki.grpcPort', 'temporal.metricsPort'],
}
/** Holds a container's port for the engine, which names the container when it refuses. */
const OF_AN_ENGINE = /docker-proxy|rootlesskit/

/**
 * Ports of this machine that somebody else holds; those of the stack itself, if it is up, are no news. None of a stack
 * whose engine is elsewhere: what holds such a port here may be the tunnel to it.
 */
export async function takenPorts(stack: string): Promise<TakenPort[]> {
  const existing = await existingStack(stack)
  if (!hasPortsHere(await engineOf(existing))) return []
  const { settingsFile, folder } = existing
  const own = new Set(componentFoldersInUse(folder).flatMap((path) => processesOf(path).map(({ pid }) => pid)))
  const config = ((parse((await readIfThere(settingsFile)) ?? '') ?? {}) as { config?: Record<string, unknown> }).config
  const environment = ENVIRONMENTS.find((name) => name === stack.split('-')[0]) ?? 'local'
  return DECLARATIONS.flatMap(({ path, unit, default: fallback, defaultIn }) => {
    if (unit !== 'port' || NOT_LISTENED_ON[environment]?.includes(path)) return []
    const port = Number(valueAt(config, path) ?? defaultIn?.[environment] ?? fallback)
    const holder = portHolder(port)
    if (!holder || own.has(holder.pid ?? 0) || OF_AN_ENGINE.test(holder.command ?? '')) return []
    const who = holder.pid === undefined ? 'a process of another user' : `process ${holder.pid} (${holder.command})`
    return [{ port, setting: path, holder: who.slice(0, 200) }]
  })
}

/** `loki.port` is `port` in the group `runlight:loki`. */
function valueAt(config: Record<string, unknown> | undefined, path: string): unknown {
  const [first = '', ...rest] = path.split('.')
  let value = config?.[`runlight:${first}`]
  for (const name of rest) value = (value as Record<string, unknown> | undefined)?.[name]
  return value
}
