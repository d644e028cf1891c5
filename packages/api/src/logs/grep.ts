// `grep`: regular expressions whose cost grows with the text and the expression only, never explosively (RE2).

import { RE2Set } from 're2js'
import { ParameterError } from '../http/problem.ts'
import type { Grep } from '../store/log-lines.ts'
import { compileExpression } from './expression.ts'

/** Longest expression, in characters. */
export const MAX_GREP_LENGTH = 256
/** Largest compiled expression, in instructions: for each character of a line every one of them may have to be looked at. */
const MAX_PROGRAM = 250
/** A line is searched this far, in characters: all of them by an expression of up to 64 instructions, by larger ones less. */
const GREP_CHARACTERS = 16 * 1024
/** Most steps of one search, which can't be interrupted. A step is one instruction at one character; the worst that were found cost 0.015 µs. */
const LINE_STEPS = 1024 * 1024
/** What an expression may remember of the states it was in; past that it is slower. */
const STATE_BYTES = 256 * 1024

/**
 * Compiles an expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax).
 * @throws ParameterError
 */
export function compileGrep(text: string | undefined): Grep | undefined {
  if (text === undefined) return undefined
  const compiled = compileExpression(text)
  if (typeof compiled === 'string') {
    throw new ParameterError('grep', `The parameter grep must be a regular expression in RE2's syntax (${compiled}).`)
  }
  const size = compiled.programSize()
  if (size > MAX_PROGRAM) {
    throw new ParameterError('grep', 'The parameter grep must be a simpler expression: counted repeats multiply it.')
  }
  const depth = Math.min(GREP_CHARACTERS, Math.floor(LINE_STEPS / size))
  // A set tells only whether there is a match: states are remembered, and where the match lies is not worked out.
  const set = new RE2Set(RE2Set.UNANCHORED, 0, STATE_BYTES)
  set.add(text)
  set.compile()
  const find = (message: string) => set.match(message.length > depth ? message.slice(0, depth) : message).length > 0
  return Object.assign(find, { steps: (message: string) => size * Math.min(message.length, depth) })
}
