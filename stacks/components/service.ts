// What our own services have in common: a package that runs, one HTTP endpoint for health and metrics, settings as
// environment variables.

import { VARIABLES, type VariableKey } from '@runlight/contracts/environment'
import type { Settings } from '../settings/schema.ts'
import type { Component, Place } from './component.ts'

/** Values by the key of their declaration in the contracts; the names are written there only. */
export type Variables = Partial<Record<VariableKey, string | number>>

interface Service extends Pick<Component<'http'>, 'name' | 'title' | 'needs' | 'secrets' | 'memoryMiB'> {
  /** The npm workspace that holds it. */
  workspace: string
  port: number
  setting: string
  /**
   * Largest heap of the program, where it is known what of its memory it needs for buffers, which lie outside of it.
   * Else it is half of a container's memory, and anything on a machine without such a limit.
   */
  heapMiB?: number
  variables: (place: Place<'http'>) => Variables
}

export function service({ workspace, port, setting, heapMiB, variables, ...described }: Service): Component<'http'> {
  return {
    ...described,
    program: { kind: 'package', workspace, entry: 'src/main.ts' },
    endpoints: { http: { port, setting } },
    health: { kind: 'http', endpoint: 'http', path: '/readyz' },
    metrics: { endpoint: 'http', path: '/metrics' },
    launch: (place) => {
      const { host, port: listening } = place.listen('http')
      return {
        arguments: [],
        environment: {
          ...environment({ ...variables(place), listen: `${host}:${listening}` }),
          ...(heapMiB !== undefined && heapLimit(heapMiB)),
        },
      }
    },
    startSeconds: 120,
    stop: { signal: 'SIGTERM', graceSeconds: 30 },
  }
}

/** The environment variable by which Node.js takes the largest size of its heap (its old generation, in MiB). */
function heapLimit(heapMiB: number): Record<string, string> {
  return { NODE_OPTIONS: `--max-old-space-size=${heapMiB}` }
}

/** Environment variables by their names. */
export function environment(variables: Variables): Record<string, string> {
  const names = Object.keys(variables) as VariableKey[]
  return Object.fromEntries(names.map((key) => [VARIABLES[key].name, String(variables[key])]))
}

/** Where the telemetry goes: for everybody who writes to the bus or reads from it. */
export function busVariables(brokers: string, { topics, logLevel }: Settings): Variables {
  return {
    brokers,
    logTopic: topics.logs,
    eventTopic: topics.events,
    deadLetterTopic: topics.deadLetters,
    generationsTopic: topics.generations,
    logLevel,
  }
}
