// What is not known to be there when the end of a followed run is told.

import type { StreamDone } from '@runlight/contracts/api-stream'
import { visible } from './visible-text.ts'

/** Does the trace store, from which lines and events come, have everything that was sent? Loki may lag behind it. */
export function isAllThere({ status }: StreamDone): boolean {
  const { state } = status.telemetry.postgres
  return state === 'complete' || state === 'dropped'
}

/** Says what may be missing, and what to do about it; undefined where everything is there. */
export function whatIsOpen(done: StreamDone, whatToDo: string): string | undefined {
  if (done.verdict === 'complete') return undefined
  const { runId, telemetry } = visible(done.status)
  const states = Object.entries(telemetry).map(([store, { state }]) => `${store} ${state}`)
  const details = `\`runlight status ${runId}\` says what is missing.`
  if (isAllThere(done)) {
    return `${runId} has ended, and all that it sent has arrived; not all is known to be in Loki (${states.join(', ')}): ${details}`
  }
  const open = `${runId} has ended, but not all that it sent is known to have arrived (${states.join(', ')})`
  return `${open}: some may be missing here, or still be under way. ${whatToDo} ${details}`
}
