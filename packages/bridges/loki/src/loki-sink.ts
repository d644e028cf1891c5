// The Loki sink: a batch becomes pushes by tenant; what Loki refuses for good is isolated by halving.

import { FAILURE_REASONS, DeliveryError } from '@runlight/bridge-core/sink'
import type { Delivery, DeliveryContext, LogBatch, PartitionBatch, Refusal, Sink } from '@runlight/bridge-core/sink'
import { maybeUnrepresentable, unrepresentableField } from '@runlight/bridge-core/unrepresentable'
import { METRICS } from '@runlight/contracts/metrics'
import type { Metrics } from '@runlight/service/metrics'
import type { Counter } from 'prom-client'
import { PushRefused, createLokiClient } from './client.ts'
import type { LokiClient } from './client.ts'
import { toEntries } from './entry.ts'
import type { EntrySettings, LokiEntry } from './entry.ts'
import { encodePushRequest, entryBytes } from './push-request.ts'

export interface LokiSinkSettings extends EntrySettings {
  url: URL
  /** Topic of log entries. */
  topic: string
  metrics: Metrics
}

/** Loki's `max_line_size` where nothing else is set. */
export const LINE_LIMIT_BYTES = 256 * 1024
/** A push above 4 MiB fails inside Loki for good; near 1 MiB it is quick and cheap to repeat. */
const PUSH_BYTES = 1024 * 1024
const CONNECTIONS = 8

export function createLokiSink(settings: LokiSinkSettings): Sink {
  const client = createLokiClient(settings.url, CONNECTIONS)
  const failures = settings.metrics.counter(METRICS.lokiPushFailures)
  for (const reason of [...FAILURE_REASONS, 'refused']) failures.inc({ reason }, 0)
  const pusher = { client, failures }
  return {
    name: 'loki',
    topics: [{ topic: settings.topic, kind: 'logs' }],
    prepare: (batch) => prepare(pusher, settings, batch),
    check: () => client.check(),
    close: () => client.close(),
  }
}

interface Pusher {
  client: LokiClient
  failures: Counter<'reason'>
}

function prepare(pusher: Pusher, settings: LokiSinkSettings, batch: PartitionBatch): Delivery {
  if (batch.kind !== 'logs') throw new TypeError(`The Loki sink takes no ${batch.kind}.`)
  const { byTenant, refused } = entriesByTenant(batch, settings)
  const tenants = [...byTenant].map(([tenant, entries]) => ({
    tenant,
    pushes: Array.from(inPushes(entries), (own) => ({ entries: own, request: encodePushRequest(own) })),
  }))
  return async (context) => {
    // Tenants have no stream in common, so they may be pushed side by side; one tenant's pushes follow one another.
    const answers = await Promise.all(
      tenants.map(async ({ tenant, pushes }) => {
        const own: Refusal[] = []
        for (const { entries, request } of pushes)
          own.push(...(await pushAll(pusher, tenant, entries, request, context)))
        return own
      }),
    )
    const all = [...refused, ...answers.flat()]
    if (all.length > 0) await context.refuse(all)
    return { delivered: batch.records.length - all.length, repeated: 0 }
  }
}

function entriesByTenant(batch: LogBatch, settings: LokiSinkSettings) {
  const byTenant = new Map<string, LokiEntry[]>()
  const refused: Refusal[] = []
  for (const entry of toEntries(batch, settings)) {
    const { record } = entry
    const detail = maybeUnrepresentable(record.text) ? faultOf(entry, settings) : undefined
    if (detail) {
      refused.push({ record, reason: 'unrepresentable', detail })
      continue
    }
    const entries = byTenant.get(entry.tenant)
    if (entries) entries.push(entry)
    else byTenant.set(entry.tenant, [entry])
  }
  return { byTenant, refused }
}

// Half a surrogate pair would silently become another character. A JSON line keeps it as the escape that it was.
function faultOf({ record, metadata }: LokiEntry, { lines }: LokiSinkSettings): string | undefined {
  const { runId, nodeRef, component, workflowId, message } = record.body
  const names = { runId, nodeRef, component, workflowId, ...(lines === 'plain' ? { message } : {}) }
  return unrepresentableField({ ...names, metadata: Object.fromEntries(metadata) }, { nul: false })
}

function* inPushes(entries: readonly LokiEntry[]): Generator<readonly LokiEntry[]> {
  let start = 0
  let bytes = 0
  for (const [index, entry] of entries.entries()) {
    const size = entryBytes(entry)
    if (index > start && bytes + size > PUSH_BYTES) {
      yield entries.slice(start, index)
      start = index
      bytes = 0
    }
    bytes += size
  }
  if (start < entries.length) yield entries.slice(start)
}

/** Pushes until everything is stored that Loki takes; gives what it refuses for good, each with its words. */
async function pushAll(
  pusher: Pusher,
  tenant: string,
  entries: readonly LokiEntry[],
  request: Uint8Array,
  context: DeliveryContext,
): Promise<Refusal[]> {
  const answer = await context.retrying(() => push(pusher, tenant, request, context.signal))
  if (answer === 'stored') return []
  const [only] = entries
  if (entries.length === 1 && only) {
    const reason = answer.status === 413 ? 'too_large' : 'refused'
    return [{ record: only.record, reason, detail: answer.message }]
  }
  // A 400 is partial: Loki has stored the good entries. Pushing them again in halves is a repeat of the same bytes.
  const middle = entries.length >> 1
  const refusals: Refusal[] = []
  for (const half of [entries.slice(0, middle), entries.slice(middle)]) {
    refusals.push(...(await pushAll(pusher, tenant, half, encodePushRequest(half), context)))
  }
  return refusals
}

async function push(
  { client, failures }: Pusher,
  tenant: string,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<'stored' | PushRefused> {
  try {
    await client.push(tenant, request, signal)
    return 'stored'
  } catch (cause) {
    if (cause instanceof PushRefused) {
      failures.inc({ reason: 'refused' })
      return cause
    }
    failures.inc({ reason: cause instanceof DeliveryError ? cause.reason : 'other' })
    throw cause
  }
}
