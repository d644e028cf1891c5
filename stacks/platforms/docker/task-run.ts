import type { EngineState } from './engine.ts'
import { LABELS } from './labels.ts'

/**
 * When a task last ran to a good end on the data that is there; undefined when it has to run (again): it never did, it
 * failed, or one of the volumes that it works on is gone.
 */
export function lastRun(engine: EngineState, container: string, volumes: readonly string[]): string | undefined {
  if (!volumes.every((volume) => engine.volumes.some(({ name }) => name === volume))) return undefined
  const last = engine.containers.find(({ Names }) => Names.includes(`/${container}`))
  return last?.Status.startsWith('Exited (0)') ? last.Labels[LABELS.run] : undefined
}
