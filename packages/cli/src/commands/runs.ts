// `runlight runs`

import type { RunState } from '@runlight/contracts/execution-status'
import type { Context } from '../context.ts'
import { visible } from '../visible-text.ts'
import { paintState, runDuration } from './format.ts'

export interface RunsOptions {
  status?: RunState
  workflow?: string
  since?: string
  until?: string
  lines: number
  json?: boolean
}

/** Lists runs, newest first. */
export async function listRuns({ api, output }: Context, options: RunsOptions): Promise<void> {
  const { status, workflow, since, until, lines, json } = options
  let left = lines
  const query = {
    limit: Math.min(Math.max(lines, 1), 1_000),
    ...(status && { status }),
    ...(workflow && { workflow }),
    ...(since && { since }),
    ...(until && { until }),
  }
  for await (const found of api.allRuns(query)) {
    if (left-- <= 0) return
    if (json) {
      await output.line(JSON.stringify(found))
      continue
    }
    const run = visible(found)
    const { completedActions, totalActions } = run.progress
    const fields = [
      run.startedAt ?? run.updatedAt,
      paintState(output, run.status),
      run.runId,
      run.workflowId ?? '-',
      totalActions > 0 ? `${completedActions}/${totalActions}` : '-',
      runDuration(run) || '-',
    ]
    await output.line(fields.join('  '))
  }
}
