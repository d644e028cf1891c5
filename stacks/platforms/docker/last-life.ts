// What became of a container that is there already, and so whether it has to be made anew though nothing of it has
// changed. Each new life has its own label, which is kept for as long as all is well.

import type { EngineContainer, EngineState } from './engine.ts'
import { LABELS } from './labels.ts'

/**
 * The life of a task that ran to a good end on the data that is there; else a new one: it never ran, it failed, or one
 * of the volumes that it works on is gone.
 */
export function lifeOfTask(engine: EngineState, container: string, volumes: readonly string[]): string {
  const last = containerOf(engine, container)
  const keepsData = volumes.every((volume) => engine.volumes.some(({ name }) => name === volume))
  return (keepsData && last?.Status.startsWith('Exited (0)') && last.Labels[LABELS.life]) || newLife()
}

/** The life of a component's container; a new one in place of a container that is not well. */
export function lifeOfComponent(engine: EngineState, container: string): string {
  const last = containerOf(engine, container)
  const isUnwell = last && /\(unhealthy\)|^Restarting/.test(last.Status)
  return isUnwell ? newLife() : (last?.Labels[LABELS.life] ?? 'first')
}

function containerOf({ containers }: EngineState, container: string): EngineContainer | undefined {
  return containers.find(({ Names }) => Names.includes(`/${container}`))
}

const newLife = (): string => new Date().toISOString()
