// Where intercepted lines go.

import { currentContext } from '../current-context.ts'
import type { LogLine } from '../log-producer.ts'
import type { LogWriter } from '../log-writer.ts'
import { asOwnOutput, isOwnOutput } from '../own-output.ts'

/**
 * Gives a line to the execution context of the code that logs (currentContext), or to `fallback` outside of one. What is
 * said while the SDK itself speaks or sends is passed over, and so is what a value says while it is being read.
 */
export function sinkFor(fallback: LogWriter): (line: LogLine) => void {
  return (line) => {
    if (isOwnOutput()) return
    asOwnOutput(() => (currentContext() ?? fallback).log(line))
  }
}
