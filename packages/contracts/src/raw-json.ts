// The text of one member of a JSON object, as it was written: numbers keep digits that a double would lose.

/** A number of 16 digits or more, or with an exponent: the only ones that a double may not hold as written. */
const LONG_NUMBER = /\d{16}|\d\.\d{15}|\d[eE][+-]?\d/

/** Cheap test that is true for every text with a number that JSON.parse may change. */
export function mayLoseDigits(text: string): boolean {
  return LONG_NUMBER.test(text)
}

/**
 * The text of `object[name]` in a JSON text whose value is an object, or undefined when it has no such member. The text
 * must be valid JSON. Of a name that is given twice the last one counts, as with JSON.parse.
 */
export function memberText(json: string, name: string): string | undefined {
  let found: string | undefined
  let at = json.indexOf('{') + 1
  for (;;) {
    at = skip(json, at, ', \t\n\r')
    if (json[at] !== '"') return found
    const keyEnd = stringEnd(json, at)
    const key = JSON.parse(json.slice(at, keyEnd)) as string
    const start = skip(json, keyEnd, ': \t\n\r')
    at = valueEnd(json, start)
    if (key === name) found = json.slice(start, at).trimEnd()
  }
}

function skip(json: string, from: number, what: string): number {
  let at = from
  while (at < json.length && what.includes(json[at] as string)) at++
  return at
}

/** Index after a string that begins at `from`. */
function stringEnd(json: string, from: number): number {
  for (let at = from + 1; ; at++) {
    if (json[at] === '\\') at++
    else if (json[at] === '"') return at + 1
  }
}

/** Index after the value that begins at `from`: at the comma or brace that follows it. */
function valueEnd(json: string, from: number): number {
  let depth = 0
  for (let at = from; at < json.length; at++) {
    const character = json[at]
    if (character === '"') at = stringEnd(json, at) - 1
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      if (depth === 0) return at
      depth--
    } else if (character === ',' && depth === 0) return at
  }
  return json.length
}
