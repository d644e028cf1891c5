// A moment as a person types it, in the words that the API takes.

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/**
 * Lengths of several units (`1h30m`), times without a zone, which are local ones (`2026-01-31 10:00`, `2026-01-31`), and
 * seconds since the epoch become what the API takes; anything else is left as it is for the API to judge.
 */
export function momentText(text: string): string {
  if (/^(?:\d+[smhd]){2,}$/.test(text)) {
    const seconds = [...text.matchAll(/(\d+)([smhd])/g)].reduce(
      (sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit as string] ?? 0),
      0,
    )
    return `${seconds}s`
  }
  if (/^\d{9,11}$/.test(text)) return new Date(Number(text) * 1_000).toISOString()
  const local = /^(\d{4}-\d\d-\d\d)(?:[ Tt](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?$/.exec(text)
  if (!local) return text
  const date = new Date(`${local[1]}T${local[2] ?? '00:00'}`)
  return Number.isNaN(date.getTime()) ? text : date.toISOString()
}
