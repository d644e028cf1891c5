// How output becomes lines.

export interface OutputSettings {
  /** Escape sequences, such as colours: kept (the default) or stripped. What is captured is always as it was written. */
  ansi?: 'keep' | 'strip'
  /** A longer line is cut here, with a mark, in UTF-16 code units. Default 1,048,576. */
  maxLineLength?: number
  /**
   * What a carriage return does that doesn't end a line. `last` (the default): it overwrites, as on a terminal, so that
   * a progress bar is the line that it ends as. `keep`: it stays in the line.
   */
  returns?: 'last' | 'keep'
  /** While a line is overwritten again and again, it is shown this often, in milliseconds. Default 5,000. */
  redrawMs?: number
  /** Of what is captured, so many bytes are kept of each of stdout and stderr. Default 16 MiB. */
  captureBytes?: number
}

export type FullOutputSettings = Required<OutputSettings>

export function completeOutput(...settings: readonly (OutputSettings | undefined)[]): FullOutputSettings {
  const defaults: FullOutputSettings = {
    ansi: 'keep',
    maxLineLength: 1024 * 1024,
    returns: 'last',
    redrawMs: 5_000,
    captureBytes: 16 * 1024 * 1024,
  }
  return Object.assign(defaults, ...settings)
}
