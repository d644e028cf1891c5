// Lines that an expression finds something in: read a few at a time, searched in slices, up to a bound of work.

import type { LogKey } from '../cursor/cursors.ts'
import type { Grep, LinePage, PageLimits, StoredLine } from '../store/log-lines.ts'
import { nextRound } from './event-loop.ts'

/** Lines and bytes that are read at a time. */
const READ = { lines: 1_000, bytes: 256 * 1024 }
/** Steps (grep.ts) after which others have their turn: some 8 ms at worst. */
export const SLICE_STEPS = 512 * 1024
/** Most steps, and characters, of one page: half a second at worst, rarely a tenth of that. */
export const PAGE_STEPS = 32 * 1024 * 1024
const PAGE_CHARACTERS = 8 * 1024 * 1024

/**
 * One page of what `read` gives from a place on, of the lines that are found. Where the work of a page is done, it ends
 * there, however few lines it has: `goOn` tells the place.
 */
export async function searchLines(
  grep: Grep,
  limits: PageLimits,
  start: LogKey | undefined,
  read: (after: LogKey | undefined, limits: PageLimits) => Promise<LinePage>,
): Promise<LinePage> {
  const lines: StoredLine[] = []
  let [after, bytes, characters, steps] = [start, 0, 0, 0]
  for (let rounds = Math.ceil(limits.scan / READ.lines); ; rounds--) {
    const page = await read(after, { ...READ, scan: READ.lines })
    await nextRound()
    let slice = 0
    for (const line of page.lines) {
      const { message } = line
      const cost = grep.steps(message)
      if (slice + cost > SLICE_STEPS && slice > 0) {
        await nextRound()
        slice = 0
      }
      slice += cost
      steps += cost
      characters += message.length
      if (grep(message)) {
        lines.push(line)
        bytes += line.json.length
      }
      const isFull = lines.length >= limits.lines || bytes >= limits.bytes
      if (isFull || steps >= PAGE_STEPS) return { lines, goOn: line.key }
    }
    after = page.goOn
    if (!after || rounds <= 1 || characters >= PAGE_CHARACTERS) return { lines, goOn: after }
  }
}
