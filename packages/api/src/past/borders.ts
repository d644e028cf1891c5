// Borders of whole milliseconds: what was read of Loki is complete up to one.

export const BORDER_NS = 1_000_000n

/** The border at the moment, or the last one before it. */
export function floor(nanos: bigint): bigint {
  return nanos - (((nanos % BORDER_NS) + BORDER_NS) % BORDER_NS)
}

export function largest(first: bigint, ...others: readonly (bigint | undefined)[]): bigint {
  return others.reduce<bigint>((a, b) => (b !== undefined && b > a ? b : a), first)
}

export function smallest(first: bigint, ...others: readonly (bigint | undefined)[]): bigint {
  return others.reduce<bigint>((a, b) => (b !== undefined && b < a ? b : a), first)
}
