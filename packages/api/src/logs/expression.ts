// Regular expressions of readers, in RE2's syntax (https://github.com/google/re2/wiki/Syntax).

import { RE2JS } from 're2js'

/** The expression, or what is wrong with it. */
export function compileExpression(text: string): RE2JS | string {
  try {
    return RE2JS.compile(text)
  } catch (cause) {
    return (cause as Error).message
  }
}
