// Text of others for a terminal: control characters would move its cursor, change its title, or worse.

/** Colours and other renditions (https://www.ecma-international.org/publications-and-standards/standards/ecma-48/). */
const RENDITION = /\u001b\[[\d;:]*m/g // eslint-disable-line no-control-regex -- this is what is looked for
// eslint-disable-next-line no-control-regex -- these are what must not reach the terminal
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/**
 * Control characters, and those that turn the direction of a text, are written out, but for tabs and line ends; colours
 * stay where they are wanted, else they go.
 */
export function visibleText(text: string, colour: boolean): string {
  if (text.search(CONTROL) < 0) return text
  const written = (part: string) => part.replace(CONTROL, hexadecimal)
  const parts = text.replaceAll('\r\n', '\n').split(RENDITION).map(written)
  const renditions = text.match(RENDITION)
  if (!renditions || !colour) return parts.join('')
  return `${parts.map((part, index) => part + (renditions[index] ?? '')).join('')}\u001b[0m`
}

/** What the API says, for a terminal: every text of it visible, and in one line. */
export function visible<T>(value: T): T {
  const inOneLine = (text: string) => visibleText(text, false).replace(/\s*\n\s*/g, ' ')
  const safe = (_: string, part: unknown) => (typeof part === 'string' ? inOneLine(part) : part)
  return JSON.parse(JSON.stringify(value), safe) as T
}

function hexadecimal(character: string): string {
  const code = character.charCodeAt(0).toString(16)
  return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`
}
