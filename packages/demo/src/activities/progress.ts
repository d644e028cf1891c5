// Going through packages while telling how far it has come.

import type { ExecutionContext } from '@runlight/sdk/execution-context'
import type { LockedPackage } from '../lock-file.ts'

/** Progress is told so many times. */
const STEPS = 4
/** Packages that are looked at at the same time. */
const AT_ONCE = 8

/** Looks at each package, some at a time. @throws what a look throws, and when the signal is aborted */
export async function inSteps(
  packages: readonly LockedPackage[],
  context: ExecutionContext,
  signal: AbortSignal,
  look: (locked: LockedPackage) => Promise<void>,
): Promise<void> {
  let next = 0
  let done = 0
  let told = 0
  const worker = async (): Promise<void> => {
    for (let locked = packages[next++]; locked; locked = packages[next++]) {
      signal.throwIfAborted()
      await look(locked)
      done++
      const step = Math.floor((done * STEPS) / packages.length)
      if (step === told) continue
      told = step
      const total = packages.length
      context.emitProgress({ message: `${done} of ${total} packages`, data: { done, total } })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

export function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}
