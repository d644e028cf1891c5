// `runlight trace RUN`

import type { StoredEvent } from '@runlight/contracts/api'
import type { Context } from '../context.ts'

/** Prints a run's events in the order of their arrival. */
export async function printTrace({ api, output }: Context, runId: string, format: 'waterfall' | 'json'): Promise<void> {
  const events: StoredEvent[] = []
  for await (const event of api.allEvents(runId)) {
    if (format === 'json') await output.line(JSON.stringify(event))
    else events.push(event)
  }
  for (const event of events) {
    await output.line(
      `${String(event.sequence).padStart(5)}  ${event.effectiveTs}  ${event.type}  ${event.nodeRef ?? ''}  ${event.message}`,
    )
  }
}
