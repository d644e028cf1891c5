// Records that come back from the dead letters: what the header of each says, and which of them are stored together.

import { ReplayOrigin } from '@runlight/contracts/dead-letter'
import { shape } from '@runlight/contracts/schema'
import { parseInstant } from '@runlight/contracts/time'
import { ORIGIN_HEADER } from '@runlight/contracts/topics'
import { unreadableRefusal } from './decode.ts'
import type { Part, TakenBatch } from './part.ts'
import { offsetAfter } from './sink.ts'
import type { BusRecord, Refusal, TopicKind } from './sink.ts'

export interface ReplaySettings {
  /** Topics of the sink, and what their records are. */
  kinds: ReadonlyMap<string, TopicKind>
  /** Longest original append time that the records of one batch may span, in milliseconds. */
  spanMillis: number
}

interface Found {
  kind: TopicKind
  topic: string
  partition: number
  generation: string
  replay: { id: string }
  /** With its original offset and append time. */
  record: BusRecord
}

interface Group extends Omit<Found, 'record'> {
  records: BusRecord[]
  earliest: number
  latest: number
}

/**
 * Parts in the order of the replay topic. Within a part the records of one origin are one batch, in their order: a
 * stream in Loki has one origin. No batch spans more original append time than allowed, since what is not acknowledged
 * may be repeated, and a store may refuse the first of it for being too far behind the last.
 */
export function replayParts(settings: ReplaySettings, records: readonly BusRecord[]): Part[] {
  const parts: Part[] = []
  let groups = new Map<string, Group>()
  let broken: Refusal[] = []
  let nextOffset = 0n
  const close = () => {
    parts.push({ batches: batchesOf(groups), broken, nextOffset })
    groups = new Map()
    broken = []
  }
  for (const record of records) {
    const found = originalOf(record, settings)
    if ('detail' in found) broken.push(found)
    else if (!join(groups, found, settings.spanMillis)) {
      close()
      join(groups, found, settings.spanMillis)
    }
    nextOffset = offsetAfter(record)
  }
  close()
  return parts
}

/** False when the record is too far in time from what its group has. */
function join(groups: Map<string, Group>, { record, ...origin }: Found, spanMillis: number): boolean {
  const key = JSON.stringify([origin.replay.id, origin.topic, origin.partition, origin.generation])
  const { appendedAt } = record
  const group = groups.get(key)
  if (!group) {
    groups.set(key, { ...origin, records: [record], earliest: appendedAt, latest: appendedAt })
    return true
  }
  const earliest = Math.min(group.earliest, appendedAt)
  const latest = Math.max(group.latest, appendedAt)
  if (latest - earliest > spanMillis) return false
  group.records.push(record)
  Object.assign(group, { earliest, latest })
  return true
}

function batchesOf(groups: ReadonlyMap<string, Group>): TakenBatch[] {
  return Array.from(groups.values(), ({ kind, topic, partition, generation, replay, records, latest }) => {
    const last = records.at(-1) as BusRecord
    const frame = { topic, partition, generation, replay, nextOffset: last.offset + 1n, lastAppendedAt: latest }
    return { kind, frame, records }
  })
}

const replayOrigin = shape(ReplayOrigin)
const MAX_OFFSET = 2n ** 63n - 1n

function originalOf(record: BusRecord, { kinds }: ReplaySettings): Found | Refusal {
  const { origin: header, key, value } = record
  const [unreadable] = unreadableRefusal(record)
  if (unreadable) return unreadable
  const refusal = (what: string): Refusal => ({ record, reason: 'schema', detail: `Header ${ORIGIN_HEADER}: ${what}` })
  if (!header) return refusal('is missing.')
  let parsed: unknown
  try {
    parsed = JSON.parse(header.toString('utf8'))
  } catch (cause) {
    return refusal(`is not JSON: ${(cause as Error).message}`)
  }
  const checked = replayOrigin.check(parsed)
  if (!checked.ok) return refusal(`${checked.refusal.field || 'the value'} ${checked.refusal.message}`)
  const { generation, topic, partition, offset, appendedAt, replayId } = checked.value
  const kind = kinds.get(topic)
  if (kind === undefined || kind === 'raw') return refusal(`topic is ${topic}, which this sink does not take.`)
  if (BigInt(offset) > MAX_OFFSET) return refusal('offset is above 64 bits.')
  const instant = parseInstant(appendedAt)
  if (!instant) return refusal('appendedAt is not a day of the calendar between the years 1678 and 2261.')
  const original = {
    ...{ key, value, offset: BigInt(offset), replayOffset: record.offset },
    appendedAt: instant.seconds * 1000 + Math.floor(instant.nanos / 1_000_000),
  }
  return { kind, topic, partition, generation, replay: { id: replayId }, record: original }
}
