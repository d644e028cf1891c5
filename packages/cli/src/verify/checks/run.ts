// Does a run of the demo workflow go through, and can it be followed live to its end?

import type { RunStartedData } from '@runlight/contracts/trace-event'
import { failed, ok } from '../check.ts'
import type { Finding, Tools } from '../check.ts'
import { followRun, standing } from '../follow-run.ts'
import type { Scene } from '../scene.ts'
import { startRun } from '../start-run.ts'

export async function checkRun(scene: Scene, tools: Tools): Promise<Finding> {
  const { environment } = scene
  tools.say('Starting a run of the demo workflow.', 'Does Temporal answer? See `runlight logs temporal worker -n 50`.')
  scene.runId = await startRun(environment, {}, tools.signal)
  const followed = await followRun(environment.apiUrl, scene.runId, tools)
  scene.followed = followed
  const { runId, done, events } = followed
  const started = events.find(({ type }) => type === 'RUN_STARTED')?.data as RunStartedData | undefined
  if (started) scene.graph = started.graph
  const seen = `${runId}: ${standing(done.status)}.`
  if (done.status.status !== 'COMPLETED') {
    return failed(seen, `See \`runlight status ${runId}\` and \`runlight logs ${runId} -l warn,error\`.`)
  }
  const sequences = events.map(({ sequence }) => sequence)
  const isDense = sequences.every((sequence, index) => sequence === index + 1)
  const isWhole = isDense && events.some(({ type }) => type === 'RUN_COMPLETED')
  if (!isWhole) {
    return failed(
      `${seen} Its live stream had ${events.length} events, which is not all of them in their order.`,
      'Events reach the API by the PostgreSQL store: see `runlight logs bridge-postgres observer -n 50`.',
    )
  }
  const { lines } = followed
  return ok(`${seen} Followed live from its start to its end: ${events.length} events, ${lines.length} lines.`)
}
