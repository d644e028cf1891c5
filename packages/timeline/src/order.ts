// A stable linear extension of a partial order.

import { compareTexts } from './event-set.ts'

/**
 * Orders nodes so that each comes after those that it names; among the free ones the first by name is next. Nodes on
 * a cycle come last, by name: such a graph has no order, and a reader should still see them.
 * @param after for each node the nodes before it; names that are no nodes are ignored
 */
export function linearExtension(after: ReadonlyMap<string, readonly string[]>): string[] {
  const followers = new Map<string, string[]>()
  const missing = new Map<string, number>()
  for (const [node, before] of after) {
    const known = new Set(before.filter((other) => other !== node && after.has(other)))
    missing.set(node, known.size)
    for (const other of known) {
      const list = followers.get(other)
      if (list) list.push(node)
      else followers.set(other, [node])
    }
  }
  const ordered: string[] = []
  let free = [...after.keys()].filter((node) => missing.get(node) === 0).sort(compareNames)
  while (free.length > 0) {
    const [node, ...rest] = free as [string, ...string[]]
    ordered.push(node)
    free = rest
    const released = (followers.get(node) ?? []).filter((follower) => {
      const left = (missing.get(follower) ?? 0) - 1
      missing.set(follower, left)
      return left === 0
    })
    if (released.length > 0) free = [...free, ...released].sort(compareNames)
  }
  const done = new Set(ordered)
  return [...ordered, ...[...after.keys()].filter((node) => !done.has(node)).sort(compareNames)]
}

const DIGITS = /(\d+)/

/** By text, with numbers in it by value: `step-2` before `step-10`. The same in every locale. */
export function compareNames(a: string, b: string): number {
  const left = a.split(DIGITS)
  const right = b.split(DIGITS)
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const [x, y] = [left[at] ?? '', right[at] ?? '']
    // Every second part is a run of digits.
    const order = at % 2 === 1 ? compareDigits(x, y) : compareTexts(x, y)
    if (order !== 0) return order
  }
  return left.length - right.length || compareTexts(a, b)
}

function compareDigits(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return x.length - y.length || compareTexts(x, y)
}
