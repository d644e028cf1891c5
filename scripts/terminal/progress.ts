import process from 'node:process'
import { liveProgress } from './live.ts'
import { plainProgress } from './plain.ts'

/** What a running step can tell about itself. */
export interface Step {
  /** What the step is doing now, in a few words: `downloading modules (120)`. */
  note: (text: string) => void
}

/** Shows long work: a list that is repainted on a terminal, plain lines elsewhere. */
export interface Progress {
  /**
   * Shows `work` as one step with its elapsed time until it ends; a rejection marks the step as failed and passes on.
   * Steps may run side by side.
   */
  step: <T>(title: string, work: (step: Step) => Promise<T>) => Promise<T>
  /** Prints a line that stays. */
  say: (line: string) => void
  /** Ends the painting, and leaves what was painted. */
  close: () => void
}

/** Where progress is written: a stream such as `process.stdout`. */
export interface Output {
  readonly isTTY?: boolean
  write: (text: string) => unknown
}

/**
 * Live progress on a terminal, plain lines where there is none or where `CI` is set.
 *
 * @param output where to write; standard output by default
 */
export function progressFor(output: NodeJS.WriteStream = process.stdout, env = process.env): Progress {
  const inCi = env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false'
  return output.isTTY && !inCi && env['TERM'] !== 'dumb' ? liveProgress(output) : plainProgress(output)
}
