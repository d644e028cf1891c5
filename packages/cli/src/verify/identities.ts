// Records by identity: what producers say they sent, against what was read.

import type { ProducerClosedData, TopicAccount, TraceEvent } from '@runlight/contracts/trace-event'

/** `<producer>#<seq>`. What has no producer can be no record of the SDK, and matches nothing. */
export function identityOf({ producer }: Pick<TraceEvent, 'producer'>): string {
  return producer ? `${producer.id}#${producer.seq}` : 'no producer'
}

/** What the producers of a run say in their closes that they sent. */
export interface Account {
  producers: number
  logs: Set<string>
  events: Set<string>
}

export function accountOf(events: readonly TraceEvent[]): Account {
  const closes = events
    .filter(({ type }) => type === 'PRODUCER_CLOSED')
    .map(({ data }) => data as unknown as ProducerClosedData)
  return {
    producers: closes.length,
    logs: new Set(closes.flatMap(({ logs }) => sent(logs))),
    events: new Set(closes.flatMap((close) => sent(close.events))),
  }
}

function sent({ producerId, lastSeq, dropped }: TopicAccount): string[] {
  const seqs = Array.from({ length: lastSeq }, (_, index) => index + 1)
  return seqs
    .filter((seq) => !dropped.some(({ from, to }) => from <= seq && seq <= to))
    .map((seq) => `${producerId}#${seq}`)
}

/** What is wrong with what was read, such as `2 missing, 1 double`; undefined where it is exactly what was sent. */
export function difference(expected: ReadonlySet<string>, read: readonly string[]): string | undefined {
  const held = new Set(read)
  const counts: [number, string][] = [
    [[...expected].filter((identity) => !held.has(identity)).length, 'missing'],
    [read.length - held.size, 'double'],
    [[...held].filter((identity) => !expected.has(identity)).length, 'that nobody says to have sent'],
  ]
  const wrong = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return wrong.length > 0 ? wrong.join(', ') : undefined
}
