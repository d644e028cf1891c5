// What provision did, for a person and for a program.

export interface Report {
  verb: string
  /** A sentence for each change; empty when everything was as it should be. */
  changes: string[]
  /** What a person should know although nothing was changed. */
  notes: string[]
  [details: string]: unknown
}

/** Lines for a person on a terminal, else one line of JSON. */
export function printReport(report: Report): void {
  if (!process.stdout.isTTY) {
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return
  }
  const lines = report.changes.length > 0 ? report.changes : ['Nothing had to be changed.']
  const { verb: _, changes: __, notes, ...details } = report
  const rest = Object.entries(details).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  process.stdout.write([...lines, ...notes, ...rest, ''].join('\n'))
}
