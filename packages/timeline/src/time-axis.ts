// From moments to columns.

import type { ExecutionSpan } from './spans.ts'

export interface TimeAxis {
  /** The right edge: the end of the execution, or the last moment that is known of it. */
  end: bigint
  /** First column and the one after the last, of `width`; at least one column, inside the axis. */
  columns: (from: bigint, to: bigint, width: number) => [number, number]
}

/** From the start of the execution, or of its first node, to its end. What was copied from an earlier one starts at 0. */
export function timeAxis(execution: ExecutionSpan): TimeAxis {
  const moments = execution.nodes.flatMap(({ scheduled, attempts }) => [
    scheduled,
    ...attempts.flatMap(({ ready, start, end, progress }) => [ready, start, end, ...progress.map(({ at }) => at)]),
  ])
  const known = moments.filter((moment) => moment !== undefined)
  const begin = execution.start ?? least(known) ?? 0n
  const end = execution.end ?? greatest(known) ?? begin
  const length = end > begin ? Number(end - begin) : 1
  const columns: TimeAxis['columns'] = (from, to, width) => {
    const first = Math.min(width - 1, Math.max(0, Math.floor((Number(from - begin) * width) / length)))
    const last = Math.min(width, Math.max(first + 1, Math.ceil((Number(to - begin) * width) / length)))
    return [first, last]
  }
  return { end, columns }
}

function least(moments: readonly bigint[]): bigint | undefined {
  return moments.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined)
}

function greatest(moments: readonly bigint[]): bigint | undefined {
  return moments.reduce<bigint | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined)
}
