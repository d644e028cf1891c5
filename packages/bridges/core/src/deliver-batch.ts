// Makes a batch ready and stores it. A record over which our own code fails is found by halving and refused, so that it
// holds up nobody, whatever the sink.

import { RunlightError } from '@runlight/contracts/errors'
import { decodeBatch } from './decode.ts'
import { isOwnFault } from './own-fault.ts'
import { halvesOf } from './part.ts'
import type { TakenBatch } from './part.ts'
import { DeliveryError } from './sink.ts'
import type { BusRecord, Delivery, DeliveryContext, DeliveryCounts, Refusal, Sink } from './sink.ts'

export interface PreparedBatch {
  taken: TakenBatch
  /** Records that could not be decoded. */
  refused: readonly Refusal[]
  /** What stores the others, or what our own code has failed with. */
  store: Delivery | Error
}

export interface BatchDelivery {
  sink: Pick<Sink, 'prepare' | 'check'>
  /** What rejects with a mistake of our own code is not repeated by its `retrying`, but rejects. */
  context: DeliveryContext
  /** Told of each record that can't be stored because of a mistake in our own code. */
  faulty: (batch: TakenBatch, record: BusRecord, fault: Error) => void
}

/** Decodes a batch and does what can be done without the store. Nothing decoded is kept but what the sink keeps. */
export function prepareBatch(sink: Pick<Sink, 'prepare'>, taken: TakenBatch): PreparedBatch {
  try {
    const { batch, refused } = decodeBatch(taken.kind, taken.frame, taken.records)
    return { taken, refused, store: sink.prepare(batch) }
  } catch (cause) {
    if (cause instanceof RunlightError) throw cause
    // No store has been asked, so whatever it is, it is a mistake of ours.
    return { taken, refused: [], store: cause as Error }
  }
}

/** Stores a batch, with all that is refused of it among the dead letters. */
export async function deliverBatch(own: BatchDelivery, prepared: PreparedBatch): Promise<DeliveryCounts> {
  const outcome = await attempt(own, prepared)
  if (!(outcome instanceof Error)) return outcome
  const taken = withoutRefused(prepared)
  const [only, ...more] = taken.records
  if (!only) return deliverNothing(own, taken)
  if (more.length === 0) return judge(own, taken, only)
  const [first, second] = halvesOf(taken)
  const before = await deliverBatch(own, prepareBatch(own.sink, first))
  const after = await deliverBatch(own, prepareBatch(own.sink, second))
  return { delivered: before.delivered + after.delivered, repeated: before.repeated + after.repeated }
}

/** Gives what our own code has failed with; a store that is away is waited for. */
async function attempt({ context }: BatchDelivery, { refused, store }: PreparedBatch): Promise<DeliveryCounts | Error> {
  // Before the store may pass them.
  if (refused.length > 0) await context.refuse(refused)
  if (store instanceof Error) return store
  try {
    return await context.retrying(() => store(context))
  } catch (cause) {
    if (isOwnFault(cause)) return cause
    throw cause
  }
}

// A driver too may fail with one of the language's errors, over a connection that is lost. So the record is to blame only
// where the failure comes again for it alone, and the store has answered in between.
async function judge(own: BatchDelivery, taken: TakenBatch, record: BusRecord): Promise<DeliveryCounts> {
  const { sink, context, faulty } = own
  await context.retrying(() => sink.check().catch(unreachable))
  const again = await attempt(own, prepareBatch(sink, taken))
  if (!(again instanceof Error)) return again
  faulty(taken, record, again)
  const detail = `The bridge itself failed over it: ${again.name}: ${again.message}`
  await context.refuse([{ record, reason: 'unrepresentable', detail }])
  return deliverNothing(own, { ...taken, records: [] })
}

// Only a position is to be moved. That fails for no record's sake.
function deliverNothing(own: BatchDelivery, taken: TakenBatch): Promise<DeliveryCounts> {
  return own.context.retrying(async () => {
    const outcome = await attempt(own, prepareBatch(own.sink, taken))
    if (outcome instanceof Error) throw new DeliveryError('other', outcome.message, { cause: outcome })
    return outcome
  })
}

function withoutRefused({ taken, refused }: PreparedBatch): TakenBatch {
  if (refused.length === 0) return taken
  const gone = new Set(refused.map(({ record }) => record))
  return { ...taken, records: taken.records.filter((record) => !gone.has(record)) }
}

function unreachable(cause: unknown): never {
  throw new DeliveryError('unreachable', (cause as Error).message, { cause })
}
