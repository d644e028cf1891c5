// The Loki sink: a batch becomes pushes by tenant; what Loki refuses for good is isolated by halving.

import { compressSync } from 'snappy'
import { DeliveryError } from '@runlight/bridge-core/sink'
import { decodeRecords } from '@runlight/bridge-core/decode'
import type {
  BusRecord,
  Delivery,
  DeliveryContext,
  LogBatch,
  PartitionBatch,
  Refusal,
  Sink,
} from '@runlight/bridge-core/sink'
import { maybeUnrepresentable, unrepresentableField } from '@runlight/bridge-core/unrepresentable'
import type { Metrics } from '@runlight/service/metrics'
import { PushRefused, createLokiClient } from './client.ts'
import type { LokiClient } from './client.ts'
import { toEntries } from './entry.ts'
import type { EntrySettings, LokiEntry } from './entry.ts'
import { createLokiMetrics } from './metrics.ts'
import type { LokiMetrics } from './metrics.ts'
import { PushLimit } from './push-limit.ts'
import { encodePushRequest } from './push-request.ts'

export interface LokiSinkSettings extends EntrySettings {
  url: URL
  /** Topic of log entries. */
  topic: string
  /** Pushes that may be under way at most. */
  pushes: number
  /** Age above which a line is lost to Loki, in milliseconds. */
  ageLimitMillis: number
  metrics: Metrics
}

/** A push above 4 MiB fails inside Loki for good; near 1 MiB it is quick and cheap to repeat. */
const PUSH_BYTES = 1024 * 1024
/** One push that hangs must not hold up all others. */
const LEAST_PUSHES = 2

export function createLokiSink(settings: LokiSinkSettings): Sink {
  const client = createLokiClient(settings.url, settings.pushes)
  const metrics = createLokiMetrics(settings.metrics)
  const limit = new PushLimit({
    least: LEAST_PUSHES,
    most: settings.pushes,
    onChange: ({ limit: now, running }) => {
      metrics.limit.set(now)
      metrics.inFlight.set(running)
    },
  })
  const pusher = { client, metrics, limit }
  return {
    name: 'loki',
    topics: [{ topic: settings.topic, kind: 'logs' }],
    ageLimitMillis: settings.ageLimitMillis,
    prepare: (batch) => prepare(pusher, settings, batch),
    check: () => client.check(),
    close: () => client.close(),
  }
}

interface Pusher {
  client: LokiClient
  metrics: LokiMetrics
  limit: PushLimit
}

/** One push: records of one stream. */
interface Push {
  /** As they were taken from the bus: while Loki works nothing that was made of them is kept but the body. */
  records: readonly BusRecord[]
  /** The request, compressed: what is sent, also when it is repeated. */
  body: Buffer
  /** Before compression. */
  bytes: number
}

interface StreamPushes {
  tenant: string
  /** In the order of the entries; each waits for the one before. */
  pushes: Push[]
}

function prepare(pusher: Pusher, settings: LokiSinkSettings, batch: PartitionBatch): Delivery {
  if (batch.kind !== 'logs') throw new TypeError(`The Loki sink takes no ${batch.kind}.`)
  const { streams, refused, cut } = entriesByStream(batch, settings)
  pusher.metrics.linesCut.inc(cut)
  const prepared = Array.from(streams.values(), ({ tenant, entries }): StreamPushes => {
    return { tenant, pushes: Array.from(inPushes(entries), (own) => toPush(own)) }
  })
  const count = batch.records.length
  const again = (records: readonly BusRecord[]): Push => {
    const { decoded } = decodeRecords('logs', records)
    return toPush(toEntries({ ...place, records: decoded }, settings))
  }
  const { records: _, ...place } = batch
  return async (context) => {
    const all = [...refused]
    const pushStream = async ({ tenant, pushes }: StreamPushes) => {
      for (const one of pushes) all.push(...(await pushAll(pusher, tenant, one, again, context)))
    }
    // All have ended before this does, so that nothing of it comes after what another owner of the partition pushes.
    const ends = await Promise.allSettled(prepared.map(pushStream))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    if (all.length > 0) await context.refuse(all)
    return { delivered: count - all.length, repeated: 0 }
  }
}

// A push holds one stream only: of a push with several, Loki's ingester tells what became of the last one, and answers
// 204 although it has refused others, for their age, for a limit of streams or for a stream's rate
// (pkg/ingester/instance.go, `instance.Push`: each stream overwrites the error of the one before; seen in 3.7.8).
function entriesByStream(batch: LogBatch, settings: LokiSinkSettings) {
  const streams = new Map<string, { tenant: string; entries: LokiEntry[] }>()
  const refused: Refusal[] = []
  let cut = 0
  for (const entry of toEntries(batch, settings)) {
    const { record, tenant, labels } = entry
    if (entry.cut) cut++
    const detail = maybeUnrepresentable(record.text) ? faultOf(entry, settings) : undefined
    if (detail) {
      refused.push({ record: record.bus, reason: 'unrepresentable', detail })
      continue
    }
    const key = `${tenant} ${labels}`
    const stream = streams.get(key)
    if (stream) stream.entries.push(entry)
    else streams.set(key, { tenant, entries: [entry] })
  }
  return { streams, refused, cut }
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
  for (let index = 0; index < entries.length; index++) {
    const size = (entries[index] as LokiEntry).bytes
    if (index > start && bytes + size > PUSH_BYTES) {
      yield entries.slice(start, index)
      start = index
      bytes = 0
    }
    bytes += size
  }
  if (start < entries.length) yield entries.slice(start)
}

function toPush(entries: readonly LokiEntry[]): Push {
  const request = encodePushRequest(entries[0]?.labels ?? '', entries)
  return { records: entries.map(({ record }) => record.bus), body: compressSync(request), bytes: request.length }
}

/**
 * Pushes until everything is stored that Loki takes; gives what it refuses for good, each with its words.
 * @param again makes a push of some of its records
 */
async function pushAll(
  pusher: Pusher,
  tenant: string,
  one: Push,
  again: (records: readonly BusRecord[]) => Push,
  context: DeliveryContext,
): Promise<Refusal[]> {
  const { records } = one
  const answer = await context.retrying(() => push(pusher, tenant, one, context.signal))
  if (answer === 'stored') return []
  const [only] = records
  if (records.length === 1 && only) {
    const reason = answer.status === 413 ? 'too_large' : 'refused'
    return [{ record: only, reason, detail: answer.message }]
  }
  // A 400 is partial: Loki has stored the good entries. Pushing them again in halves is a repeat of the same lines.
  const middle = records.length >> 1
  const refusals: Refusal[] = []
  for (const half of [records.slice(0, middle), records.slice(middle)]) {
    refusals.push(...(await pushAll(pusher, tenant, again(half), again, context)))
  }
  return refusals
}

const outcomeOf = (cause: unknown) => (cause instanceof DeliveryError ? 'overloaded' : 'answered')

async function push(
  { client, metrics, limit }: Pusher,
  tenant: string,
  { body, bytes }: Push,
  signal: AbortSignal,
): Promise<'stored' | PushRefused> {
  try {
    await limit.run(async () => {
      signal.throwIfAborted()
      const stopTimer = metrics.seconds.startTimer()
      await client.push(tenant, body, signal).finally(stopTimer)
    }, outcomeOf)
    metrics.bytes.observe(bytes)
    return 'stored'
  } catch (cause) {
    if (cause instanceof PushRefused) {
      metrics.failures.inc({ reason: 'refused' })
      return cause
    }
    metrics.failures.inc({ reason: cause instanceof DeliveryError ? cause.reason : 'other' })
    throw cause
  }
}
