// Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream). Written
// here because parsers give no event for an id without data: the API moves a quiet reader's place by that.

export interface ServerEvent {
  /** Missing where the event has no name. */
  event: string | undefined
  /** Cursor after it; missing where it does not move the place. */
  id: string | undefined
  /** Empty where there is none. */
  data: string
}

/** Events of a body, and ids without data; `onBytes` is told of every piece that comes. */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<ServerEvent, void, undefined> {
  // Not every browser iterates over a stream by `for await`.
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const blocks = new Blocks()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onBytes()
      for (const block of blocks.add(decoder.decode(value, { stream: true }))) {
        const event = parseBlock(block)
        if (event) yield event
      }
    }
  } finally {
    // Tells the server that nobody reads any more.
    await reader.cancel().catch(() => undefined)
  }
}

/** Cuts a text that comes in pieces where an empty line ends an event. */
class Blocks {
  #rest = ''
  #afterReturn = false

  add(piece: string): string[] {
    // Lines may end in LF, CR or CRLF, and a CRLF may be cut in the middle.
    const text = this.#afterReturn && piece.startsWith('\n') ? piece.slice(1) : piece
    if (piece !== '') this.#afterReturn = piece.endsWith('\r')
    const blocks = (this.#rest + text.replace(/\r\n?/g, '\n')).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    return blocks
  }
}

function parseBlock(block: string): ServerEvent | undefined {
  let event: string | undefined
  let id: string | undefined
  const data: string[] = []
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (name === 'event') event = value
    else if (name === 'id' && !value.includes('\0')) id = value
    else if (name === 'data') data.push(value)
  }
  return event === undefined && id === undefined && data.length === 0 ? undefined : { event, id, data: data.join('\n') }
}
