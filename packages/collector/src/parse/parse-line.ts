// Which format a line has is seen from the line itself: a component's log holds more than the component's own lines
// (the banner of its program, a warning of its run time, a crash), and a new version may log differently.

import { stripVTControlCharacters } from 'node:util'
import { json } from './json.ts'
import { logfmt } from './logfmt.ts'
import type { Format, ParsedLine } from './parsed-line.ts'
import { postgres } from './postgres.ts'
import { slf4j } from './slf4j.ts'

const FORMATS: readonly Format[] = [json, logfmt, slf4j, postgres]

/** Reads a line by the format that it has; undefined when it is of none that is known. */
export function parseLine(line: string): ParsedLine | undefined {
  for (const format of FORMATS) {
    const parsed = format(line)
    if (parsed) return parsed
  }
  return undefined
}

// All control characters but the tab.
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/g // eslint-disable-line no-control-regex

/**
 * A line as text: what is not UTF-8 and control characters become U+FFFD, colours go. An end of line that was written
 * as `\r\n` goes too.
 */
export function lineText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  const clean = text.includes('\u001b') ? stripVTControlCharacters(text) : text
  return (clean.endsWith('\r') ? clean.slice(0, -1) : clean).replace(CONTROL, '\uFFFD')
}

/** A first line of a crash: a Java or Node exception (or where in the source it was thrown), a Go panic, a Python traceback. */
const CRASH =
  /^(?:(?:file:\/\/)?\/\S+:\d+$|Exception in thread |Traceback \(most recent call last\)|panic: |fatal error: |goroutine \d+ \[|(?:Uncaught )?(?:[\w$]+\.)*[A-Z][\w$]*(?:Error|Exception)\b)/

export function isCrash(line: string): boolean {
  return CRASH.test(line)
}

const CONTINUATION = /^(?:\s|$|Caused by: |Suppressed: |[)\]}]+[,;]?$)/

/** Whether a line of no known format goes on with what stands before it, by its own looks. */
export function looksContinued(line: string): boolean {
  return CONTINUATION.test(line)
}
