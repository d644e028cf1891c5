// What a measurement gives, and how it is shown.

export interface Figure {
  /** What was measured, such as a program. */
  what: string
  linesPerSecond: number
  /** CPU time of the process for a million lines, in seconds: hardly depends on what else the machine does. */
  cpuSecondsPerMillion: number
  peakMiB: number
}

export interface Measurement {
  name: string
  lines: number
  /** Load of the machine over a minute, before and after. */
  load: [before: number, after: number]
  cpus: number
  figures: readonly Figure[]
}

/** A table in Markdown; each figure is also given as a ratio to the first one. */
export function asTable({ name, lines, load, cpus, figures }: Measurement): string {
  const [base] = figures
  const rows = figures.map(({ what, linesPerSecond, cpuSecondsPerMillion, peakMiB }) => [
    what,
    `${Math.round(linesPerSecond)}${ratio(linesPerSecond, base?.linesPerSecond)}`,
    `${cpuSecondsPerMillion.toFixed(1)}${ratio(cpuSecondsPerMillion, base?.cpuSecondsPerMillion)}`,
    `${Math.round(peakMiB)}${ratio(peakMiB, base?.peakMiB)}`,
  ])
  const table = [['what', 'lines/s', 'CPU s per million lines', 'peak MiB'], ['---', '---', '---', '---'], ...rows]
  const loads = load.map((own) => own.toFixed(1)).join(' to ')
  const about = `${name}: ${lines} lines, ${cpus} CPUs, load ${loads}`
  return [about, '', ...table.map((cells) => `| ${cells.join(' | ')} |`)].join('\n')
}

function ratio(value: number, base: number | undefined): string {
  return base ? ` (${(value / base).toFixed(2)})` : ''
}
