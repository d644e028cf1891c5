// What a platform can do with a description. Its provider packages are imported only when it is in use.

import * as pulumi from '@pulumi/pulumi'
import type { Component, Dependency, Running, Task } from '../components/component.ts'
import { programError } from '../program-error.ts'
import type { Secrets } from '../settings/load.ts'
import type { EnvironmentName, Settings } from '../settings/schema.ts'

export interface Platform {
  /** Makes a component run, ready, for as long as it is in the program. */
  run: <E extends string>(component: Component<E>) => Running<E>
  /** Makes a task run to its end. */
  once: (task: Task) => Dependency
  /** What is known of all that was run, by name; for the report, so without anything secret. */
  components: () => Record<string, ComponentReport>
  /** What the demo worker finds there, and where it may write. */
  worker: { lockFile: string; outputFolder: string }
}

export interface ComponentReport {
  title: string
  version: string
  /** URL of the readiness page, or how else health is asked. */
  health: string
  /** Ports on the machine of whoever runs the stack, by endpoint. */
  ports: Record<string, number>
  /** Where its output is. */
  log: string
  pid?: pulumi.Output<number>
}

const PLATFORMS: Record<EnvironmentName, 'processes' | 'Docker' | 'Kubernetes'> = {
  local: 'processes',
  dev: 'Docker',
  staging: 'Kubernetes',
  prod: 'Kubernetes',
}

/** The platform of the stack's environment. */
export async function platform(settings: Settings, secrets: Secrets): Promise<Platform> {
  const kind = PLATFORMS[settings.environment]
  const stack = pulumi.getStack()
  if (kind === 'processes') return (await import('./processes.ts')).processes(stack)
  if (kind === 'Docker') return (await import('./docker/containers.ts')).containers(settings, secrets, stack)
  throw programError(
    `The environment ${settings.environment} runs on ${kind}, which is not available yet. ` +
      `Available: local (native processes) and dev (Docker). Use a stack named so, or so with -<something>.`,
  )
}
