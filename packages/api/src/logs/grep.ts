// `grep`: regular expressions whose cost grows with the text and the expression only, never explosively (RE2).

import { RE2JS } from 're2js'
import { ParameterError } from '../http/problem.ts'

/** Longest expression, in characters. */
export const MAX_GREP_LENGTH = 256
/** A line is searched this far, in characters. */
export const GREP_CHARACTERS = 64 * 1024

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
  return (message) =>
    compiled.matcher(message.length > GREP_CHARACTERS ? message.slice(0, GREP_CHARACTERS) : message).find()
}
