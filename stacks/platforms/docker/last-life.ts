// What became of a container that is there already, and so whether it has to be made anew though nothing of it has
// changed. Each new life has its own label, which is kept for as long as all is well.

import type { ContainerDetail, EngineContainer, EngineState } from './engine.ts'
import { LABELS } from './labels.ts'

const NANOSECONDS_PER_MS = 1e6

/**
 * The life of a task that ran to a good end on the data that is there; else a new one: it never ran, it failed, or one
 * of the volumes that it works on is gone.
 */
export function lifeOfTask(engine: EngineState, container: string, volumes: readonly string[]): string {
  const last = containerOf(engine, container)
  const keepsData = volumes.every((volume) => engine.volumes.some(({ name }) => name === volume))
  return (keepsData && last?.Status.startsWith('Exited (0)') && last.Labels[LABELS.life]) || newLife()
}

/**
 * The life of a component's container; a new one in place of a container that did not come up. One that was well and no
 * longer is stays as it is: it may only be slow, and an update touches nothing but what has changed.
 * @param warn told of what is left alone, and what to do about it
 */
export function lifeOfComponent(engine: EngineState, container: string, warn: (text: string) => void): string {
  const last = containerOf(engine, container)
  const life = last?.Labels[LABELS.life] ?? 'first'
  if (!last) return life
  if (last.Status.startsWith('Restarting')) return newLife()
  if (!last.Status.includes('(unhealthy)')) return life
  if (last.detail && !wasWell(last.detail)) return newLife()
  warn(
    `${container} was healthy and is not now (${last.Status}). This update leaves it alone, as it may only be slow. ` +
      `See \`docker logs ${container}\`; \`docker restart ${container}\` starts it again.`,
  )
  return life
}

/**
 * Whether a container has answered well since it was started. The engine keeps the last five answers and how many have
 * failed in a row. Of one that was never well, it counts every answer after the start period and none before it: so it
 * was well if fewer are counted than there must have been since then, or more than there can have been. One that has
 * failed for nearly all of its time can't be told from one that was never well.
 */
function wasWell({ State: { StartedAt, Health }, Config: { Healthcheck } }: ContainerDetail): boolean {
  const started = Date.parse(StartedAt)
  // The log goes on over a restart.
  const log = (Health?.Log ?? [])
    .map(({ Start, ExitCode }) => ({ start: Date.parse(Start), isWell: ExitCode === 0 }))
    .filter(({ start }) => start >= started)
  if (log.some(({ isWell }) => isWell)) return true
  const last = log.at(-1)
  if (!last || !Health) return false
  const { Interval = 0, StartPeriod = 0, Timeout = 0 } = Healthcheck ?? {}
  const [interval, startPeriod, timeout] = [Interval, StartPeriod, Timeout].map((each) => each / NANOSECONDS_PER_MS)
  const counted = last.start - started - (startPeriod ?? 0)
  const longest = Math.max((interval ?? 0) + (timeout ?? 0), ...gaps(log))
  return Health.FailingStreak * longest < counted || (Health.FailingStreak - 1) * (interval ?? 0) > counted
}

/** Milliseconds from one to the next. */
function gaps(log: readonly { start: number }[]): number[] {
  return log.slice(1).map(({ start }, index) => start - (log[index]?.start ?? start))
}

function containerOf({ containers }: EngineState, container: string): EngineContainer | undefined {
  return containers.find(({ Names }) => Names.includes(`/${container}`))
}

const newLife = (): string => new Date().toISOString()
