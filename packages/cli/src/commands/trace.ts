// `runlight trace RUN`

import type { StoredEvent } from '@runlight/contracts/api'
import { foldTimeline } from '@runlight/timeline/fold-timeline'
import { renderWaterfall } from '@runlight/timeline/waterfall'
import type { Context } from '../context.ts'
import { visible } from '../visible-text.ts'

export type TraceFormat = 'waterfall' | 'events' | 'json'

const WIDTH_WITHOUT_TERMINAL = 100

/** Prints a run's timeline, or its events in the order of their arrival. */
export async function printTrace({ api, output }: Context, runId: string, format: TraceFormat): Promise<void> {
  const events: StoredEvent[] = []
  for await (const event of api.allEvents(runId)) {
    if (format === 'waterfall') events.push(visible(event))
    else await output.line(format === 'json' ? JSON.stringify(event) : eventLine(visible(event)))
  }
  if (format !== 'waterfall') return
  // A run that Temporal knows and of which no event is stored yet.
  if (events.length === 0) return output.line(`${runId}: no events yet`)
  const width = output.columns ?? WIDTH_WITHOUT_TERMINAL
  await output.line(renderWaterfall(foldTimeline(runId, events), { width, colour: output.colour }))
}

function eventLine({ sequence, effectiveTs, type, nodeRef, attempt, message }: StoredEvent): string {
  const where = nodeRef === undefined ? '' : ` ${nodeRef}${attempt > 1 ? `#${attempt}` : ''}`
  return `${String(sequence).padStart(5)} ${effectiveTs} ${type}${where}: ${message}`
}
