// What a measurement of reading gives, and how it is shown.

export interface ReadingFigure {
  what: string
  value: number
  unit: 'ms' | 's' | 'MiB' | 'lines/s' | 'CPU s' | 'times' | '%' | ''
  /** What it should be at most, in the same unit. It is shown, not asserted. */
  target?: number
}

export interface Reading {
  name: string
  /** What was read. */
  about: string
  /** Load of the machine over a minute, before and after. */
  load: [before: number, after: number]
  cpus: number
  figures: readonly ReadingFigure[]
}

/** A table in Markdown. */
export function readingTable({ name, about, load, cpus, figures }: Reading): string {
  const rows = figures.map(({ what, value, unit, target }) => {
    const wanted = target === undefined ? '' : `at most ${shown(target, unit)}${value > target ? ' (missed)' : ''}`
    return `| ${what} | ${shown(value, unit)} | ${wanted} |`
  })
  const loads = load.map((own) => own.toFixed(1)).join(' to ')
  return [
    `${name}: ${about}; ${cpus} CPUs, load ${loads}`,
    '',
    '| what | figure | target |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function shown(value: number, unit: ReadingFigure['unit']): string {
  const number = value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3)
  return `${number} ${unit}`.trimEnd()
}

/** The value below which `share` of the samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Median and 99th percentile of milliseconds. */
export function timings(what: string, samples: readonly number[], target?: number): ReadingFigure[] {
  return [
    { what: `${what}, p50`, value: percentile(samples, 0.5), unit: 'ms' },
    { what: `${what}, p99`, value: percentile(samples, 0.99), unit: 'ms', ...(target !== undefined && { target }) },
  ]
}
