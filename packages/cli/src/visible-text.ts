// Text of others for a terminal: control characters would move its cursor, change its title, or worse.

/** Colours and other renditions (https://www.ecma-international.org/publications-and-standards/standards/ecma-48/). */
const RENDITION = /\u001b\[[\d;:]*m/g // eslint-disable-line no-control-regex -- this is what is looked for
// eslint-disable-next-line no-control-regex -- these are what must not reach the terminal
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Control characters are written out, but for tabs and line ends; colours stay where they are wanted, else they go. */
export function visibleText(text: string, colour: boolean): string {
  if (text.search(CONTROL) < 0) return text
  const written = (part: string) => part.replace(CONTROL, hexadecimal)
  const parts = text.replaceAll('\r\n', '\n').split(RENDITION).map(written)
  const renditions = text.match(RENDITION)
  if (!renditions || !colour) return parts.join('')
  return `${parts.map((part, index) => part + (renditions[index] ?? '')).join('')}\u001b[0m`
}

function hexadecimal(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
