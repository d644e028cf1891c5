// `grep`: regular expressions whose cost grows with the text and the expression only, never explosively (RE2).

import { RE2JS } from 're2js'
import { ParameterError } from '../http/problem.ts'

/** Longest expression, in characters. */
export const MAX_GREP_LENGTH = 256
/** A line is searched this far, in characters. */
const GREP_CHARACTERS = 16 * 1024
/**
 * Largest compiled expression, in instructions: for each character of a line every one of them may have to be looked at.
 * At this size the worst that was found costs 10 µs a character; ordinary expressions cost 3 to 20 µs a line.
 */
const MAX_PROGRAM = 250

/**
 * Compiles an expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax).
 * @throws ParameterError
 */
export function compileGrep(text: string | undefined): ((message: string) => boolean) | undefined {
  if (text === undefined) return undefined
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(text)
  } catch (cause) {
    const message = `The parameter grep must be a regular expression in RE2's syntax (${(cause as Error).message}).`
    throw new ParameterError('grep', message)
  }
  if (compiled.programSize() > MAX_PROGRAM) {
    throw new ParameterError('grep', 'The parameter grep must be a simpler expression: counted repeats multiply it.')
  }
  return (message) =>
    compiled.matcher(message.length > GREP_CHARACTERS ? message.slice(0, GREP_CHARACTERS) : message).find()
}
