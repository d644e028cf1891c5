// How deep a value nests, found out without going as deep: JSON.parse gives any depth, JSON.stringify and most of what
// recurses fails at some thousands of levels.

/** Has `value` more than `levels` objects and lists inside one another? Takes time for each member down to that level. */
export function nestsDeeperThan(value: unknown, levels: number): boolean {
  let here = [value].filter(isContainer)
  for (let level = 0; here.length > 0; level++) {
    if (level === levels) return true
    here = here.flatMap((container) => Object.values(container).filter(isContainer))
  }
  return false
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
