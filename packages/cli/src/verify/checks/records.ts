// Is every record of the run in both stores, once? Measured against what its producers said that they sent.

import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredEvent } from '@runlight/contracts/api'
import type { ExecutionStatus, StoreCompleteness } from '@runlight/contracts/execution-status'
import { recordsBehind } from '../../commands/components.ts'
import { failed, ok, skipped } from '../check.ts'
import type { Finding, Tools } from '../check.ts'
import { accountOf, difference, identityOf } from '../identities.ts'
import type { Account } from '../identities.ts'
import { linesInLoki } from '../loki-lines.ts'
import type { Scene } from '../scene.ts'

const POLL_MS = 500

export async function checkRecords(scene: Scene, tools: Tools): Promise<Finding> {
  const { runId } = scene
  if (runId === undefined) return skipped('There is no run whose records could be counted.')
  const { api } = tools
  const status = await untilArrived(runId, tools)
  const unlike = incomplete(status)
  if (unlike) return failed(unlike.seen, unlike.next)

  const events: StoredEvent[] = []
  for await (const event of api.allEvents(runId)) events.push(event)
  const account = accountOf(events)
  if (account.logs.size === 0) {
    return failed(
      `${runId} is told to be complete, but its ${account.producers} producers closed over no line at all.`,
      `See \`runlight trace ${runId} --format events\`.`,
    )
  }
  const places = await readPlaces(scene, status, events, tools)
  const faults = places.flatMap(({ name, expected, read }) => {
    const wrong = difference(account[expected], read)
    return wrong === undefined ? [] : [`${name}: ${wrong}`]
  })
  if (faults.length > 0) {
    return failed(
      `${runId}: of ${account.logs.size} lines and ${account.events.size} events that ${account.producers} producers sent, ${faults.join('; ')}.`,
      `See \`runlight status ${runId}\` and \`runlight dlq list\`.`,
    )
  }
  const names = places.filter(({ expected }) => expected === 'logs').map(({ name }) => name)
  return ok(
    `${account.producers} producers sent ${account.logs.size} lines and ${account.events.size} events; ` +
      `both stores are complete, and each line was read once: ${names.join(', ')}.`,
  )
}

interface Place {
  name: string
  expected: keyof Pick<Account, 'logs' | 'events'>
  /** Identities, each as often as it is there. */
  read: string[]
}

async function readPlaces(
  { followed, environment }: Scene,
  status: ExecutionStatus,
  events: readonly StoredEvent[],
  { api, signal }: Tools,
): Promise<Place[]> {
  const byApi: string[] = []
  for await (const log of api.allLogs(status.runId)) byApi.push(identityOf(log))
  const loki = environment.stack?.outputs.addresses.loki
  const inLoki = loki === undefined ? undefined : await linesInLoki(loki, status, signal)
  return [
    { name: 'the API', expected: 'logs', read: byApi },
    ...(inLoki ? [{ name: 'Loki itself', expected: 'logs' as const, read: inLoki }] : []),
    ...(followed ? [{ name: 'the live stream', expected: 'logs' as const, read: followed.lines }] : []),
    { name: 'events by the API', expected: 'events', read: ofProducers(events) },
  ]
}

/** Those that the closes account for: not the closes themselves, nor what the observer tells. */
function ofProducers(events: readonly StoredEvent[]): string[] {
  const producers = new Set(
    [...accountOf(events).events].map((identity) => identity.slice(0, identity.lastIndexOf('#'))),
  )
  return events
    .filter(({ type, producer }) => type !== 'PRODUCER_CLOSED' && producer && producers.has(producer.id))
    .map(identityOf)
}

/** The status once no store has anything on its way any more. */
async function untilArrived(runId: string, { api, signal, say }: Tools): Promise<ExecutionStatus> {
  for (;;) {
    const status = await api.status(runId)
    if (!Object.values(status.telemetry).some(({ state }) => state === 'arriving')) return status
    const { components } = await api.components()
    const unlike = incomplete(
      status,
      new Map(components.map((component) => [component.name, recordsBehind(component)])),
    )
    if (unlike) say(unlike.seen, unlike.next)
    await sleep(POLL_MS, undefined, { signal })
  }
}

/** What the stores do not hold, with how far the bridges are behind the bus; undefined where both are complete. */
function incomplete(
  { runId, telemetry }: ExecutionStatus,
  behind: ReadonlyMap<string, number | undefined> = new Map(),
): { seen: string; next: string } | undefined {
  const open = Object.entries(telemetry).filter(([, { state }]) => state !== 'complete')
  if (open.length === 0) return undefined
  const stores = open.map(([store, completeness]) => {
    const count = behind.get(`bridge-${store}`)
    const lag = count === undefined ? '' : ` (bridge-${store} is ${count} records behind the bus)`
    // What was sent is known by the closes, which come by PostgreSQL.
    return count === 0 && completeness.state === 'arriving'
      ? `${store} has taken what is on the bus, but not everything that was sent is known yet`
      : `${store} ${inWords(completeness)}${lag}`
  })
  const bridges = open.map(([store]) => `bridge-${store}`)
  const late = bridges.filter((bridge) => behind.get(bridge) !== 0)
  return {
    seen: `${runId}: ${stores.join('; ')}.`,
    next: `See \`runlight status\` (does it catch up?) and \`runlight logs ${(late.length > 0 ? late : bridges).join(' ')} -l warn,error\`.`,
  }
}

function inWords({ state, dropped, missing, unclosed }: StoreCompleteness): string {
  const count = missing.flatMap(({ ranges }) => ranges).reduce((sum, { from, to }) => sum + to - from + 1, 0)
  const who = unclosed.map(({ nodeRef, attempt }) => `${nodeRef}#${attempt}`).join(', ')
  switch (state) {
    case 'arriving':
      return 'has not taken everything that was sent'
    case 'missing':
      return `lacks ${count} records that were sent`
    case 'dropped':
      return `never got ${dropped} records: they were dropped by policy before they were sent`
    case 'unknown':
      return who ? `cannot be judged: ${who} did not close` : 'cannot be judged'
    case 'complete':
      return 'is complete'
  }
}
