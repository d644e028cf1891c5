// Why a record was dropped before the bus had it.

export const DROP_REASONS = {
  queue_full: 'The queue was at its bound while the bus took nothing or not enough',
  too_large: 'The record is above the size that the bus takes',
  closed: 'It was logged after the close, or the close had run out of time',
  invalid: 'It could not be read: it threw, or lacked what every record has',
} as const

export type DropReason = keyof typeof DROP_REASONS

export type DropCounts = Readonly<Record<DropReason, number>>

export function noDrops(): Record<DropReason, number> {
  return { queue_full: 0, too_large: 0, closed: 0, invalid: 0 }
}
