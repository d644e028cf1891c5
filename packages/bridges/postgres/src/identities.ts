// Identities already stored: for each producer of a topic, ranges of its sequence numbers.

import type { TransactionSql } from 'postgres'
import type { Producer } from '@runlight/contracts/producer'

/** Half-open ranges in ascending order that don't touch, as int8multirange prints them. */
export type Ranges = [from: number, until: number][]

/**
 * Locks the rows of the producers in the order of their ids, and gives what each has stored. Rows that are missing are
 * made first, so that two partitions with the same new producer follow one another here.
 */
export async function lockIdentities(
  tx: TransactionSql,
  topic: string,
  producerIds: readonly string[],
): Promise<Map<string, Ranges>> {
  if (producerIds.length === 0) return new Map()
  const ids = producerIds as string[]
  // Not awaited one by one: both go to the server together.
  const [, rows] = await Promise.all([
    tx`
      insert into producer_ranges (topic, producer_id, seqs)
      select ${topic}, id, '{}' from unnest(${ids}::text[]) as id order by id
      on conflict do nothing`,
    tx<{ producer_id: string; seqs: string }[]>`
      select producer_id, seqs::text as seqs from producer_ranges
      where topic = ${topic} and producer_id = any(${ids}::text[])
      order by producer_id for update`,
  ])
  return new Map(rows.map((row) => [row.producer_id, parseRanges(row.seqs)]))
}

/**
 * Which of the items are new: neither stored nor earlier in the same list. `added` is what has to be added to each
 * producer's row. An item without a producer is known by where it lies, which the position has decided on: it is new.
 */
export function newIdentities<I>(
  items: readonly I[],
  producerOf: (item: I) => Producer | undefined,
  stored: ReadonlyMap<string, Ranges>,
): { fresh: I[]; added: Map<string, Ranges> } {
  const added = new Map<string, Ranges>()
  const fresh = items.filter((item) => {
    const producer = producerOf(item)
    if (!producer) return true
    const { id, seq } = producer
    const adding = added.get(id) ?? []
    if (contains(stored.get(id) ?? [], seq) || contains(adding, seq)) return false
    insert(adding, seq)
    added.set(id, adding)
    return true
  })
  return { fresh, added }
}

export async function storeIdentities(
  tx: TransactionSql,
  topic: string,
  added: ReadonlyMap<string, Ranges>,
): Promise<void> {
  if (added.size === 0) return
  const ids = [...added.keys()]
  const ranges = [...added.values()].map(formatRanges)
  await tx`
    update producer_ranges p
    set seqs = p.seqs + n.seqs::int8multirange, updated_at = now()
    from unnest(${ids}::text[], ${ranges}::text[]) as n (producer_id, seqs)
    where p.topic = ${topic} and p.producer_id = n.producer_id`
}

export function parseRanges(text: string): Ranges {
  return Array.from(text.matchAll(/\[(\d+),(\d+)\)/g), ([, from, until]) => [Number(from), Number(until)])
}

export function formatRanges(ranges: Ranges): string {
  return `{${ranges.map(([from, until]) => `[${from},${until})`).join(',')}}`
}

export function contains(ranges: Ranges, seq: number): boolean {
  const at = indexAfter(ranges, seq) - 1
  const range = ranges[at]
  return range !== undefined && seq < range[1]
}

/** Adds one number that is in no range yet. Records come mostly in order, so mostly the last range grows. */
export function insert(ranges: Ranges, seq: number): void {
  const at = indexAfter(ranges, seq)
  const before = ranges[at - 1]
  const after = ranges[at]
  const touchesBefore = before !== undefined && before[1] === seq
  const touchesAfter = after !== undefined && after[0] === seq + 1
  if (touchesBefore && touchesAfter) {
    before[1] = after[1]
    ranges.splice(at, 1)
  } else if (touchesBefore) before[1] = seq + 1
  else if (touchesAfter) after[0] = seq
  else ranges.splice(at, 0, [seq, seq + 1])
}

/** Index of the first range that begins after `seq`. */
function indexAfter(ranges: Ranges, seq: number): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle] as Ranges[number])[0] <= seq) low = middle + 1
    else high = middle
  }
  return low
}
