// Which execution of a run a Temporal run is, asked of Temporal's visibility.

import type { Client } from '@temporalio/client'
import { within } from './deadline.ts'

/** Gives the execution, from 1; undefined when it can't be known now. Never throws. */
export type ExecutionOf = (run: { workflowId: string; runId: string }) => Promise<number | undefined>

const REMEMBERED_RUNS = 10_000
/** An activity doesn't wait longer than this for an answer, in milliseconds. */
const ANSWER_MS = 2_000

/**
 * Counts the Temporal runs of the same workflow id that started before. One question for each Temporal run and process.
 * Visibility may lag: a run that isn't listed yet is later than all that are.
 */
export function executionsFromVisibility(client: Pick<Client, 'workflow'>): ExecutionOf {
  const known = new Map<string, Promise<number>>()
  return async (run) => {
    let asked = known.get(run.runId)
    if (!asked) {
      asked = place(client, run)
      known.set(run.runId, asked)
      asked.catch(() => known.delete(run.runId))
      const [oldest] = known.keys()
      if (known.size > REMEMBERED_RUNS && oldest !== undefined) known.delete(oldest)
    }
    try {
      return (await within(ANSWER_MS, asked)) ? await asked : undefined
    } catch {
      return undefined
    }
  }
}

async function place(
  { workflow }: Pick<Client, 'workflow'>,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<number> {
  const starts: number[] = []
  let own = Infinity
  for await (const listed of workflow.list({ query: `WorkflowId = ${quote(workflowId)}` })) {
    if (listed.runId === runId) own = listed.startTime.getTime()
    else starts.push(listed.startTime.getTime())
  }
  return 1 + starts.filter((start) => start < own).length
}

/** A string in a visibility query. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
