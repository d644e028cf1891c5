// Standard output: colour only where it is wanted, no faster than the reader takes it, and a quiet end on a closed pipe.

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

export interface Output {
  /** Writes one line; resolves when the stream can take more. */
  line: (text: string) => Promise<void>
  /** The text in a style, or as it is where colour is not wanted. */
  paint: (style: Style, text: string) => string
  colour: boolean
  /** Columns of the terminal; undefined where there is none. */
  columns: number | undefined
}

/** Colour is for terminals, unless NO_COLOR (https://no-color.org) or `--no-color` says otherwise; FORCE_COLOR asks for it. */
export function wantsColour(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['NO_COLOR']) return false
  return env['FORCE_COLOR'] ? env['FORCE_COLOR'] !== '0' : isTerminal
}

export function openOutput(colour: boolean, stream: NodeJS.WriteStream = process.stdout): Output {
  // `runlight logs … | head` closes the pipe when it has enough: that is no fault.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
  return {
    line: async (text) => {
      if (!stream.write(`${text}\n`)) await once(stream, 'drain')
    },
    paint: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
    colour,
    columns: stream.isTTY ? stream.columns : undefined,
  }
}

/** A file that is there under its name only when it is whole. */
export interface FileOutput {
  output: Output
  /** Gives it its name. */
  keep: () => Promise<void>
  discard: () => Promise<void>
}

/** @throws the error of a file that can't be written */
export async function openFile(path: string): Promise<FileOutput> {
  const part = `${path}.part`
  const stream = createWriteStream(part)
  await once(stream, 'open')
  const close = async (): Promise<void> => {
    stream.end()
    await finished(stream)
  }
  return {
    output: {
      line: async (text) => {
        if (!stream.write(`${text}\n`)) await once(stream, 'drain')
      },
      paint: (_, text) => text,
      colour: false,
      columns: undefined,
    },
    keep: async () => {
      await close()
      await rename(part, path)
    },
    discard: async () => {
      await close().catch(() => undefined)
      await rm(part, { force: true })
    },
  }
}
