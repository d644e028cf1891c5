// Standard output: colour only where it is wanted, no faster than the reader takes it, and a quiet end on a closed pipe.

import { once } from 'node:events'
import { createWriteStream, rmSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { styleText } from 'node:util'
import { CommandError } from './command-error.ts'

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

/**
 * Ends the process when its output takes no more, whatever was writing to it.
 * @returns takes it back, for who has an answer of its own
 */
export function endWithOutput(): () => void {
  const ended = (error: NodeJS.ErrnoException) => {
    // `runlight logs … | head` closes the pipe when it has enough: that is no fault.
    if (error.code === 'EPIPE') process.exit(0)
    process.stderr.write(`The output cannot be written: ${error.message}.\n`)
    process.exit(1)
  }
  process.stdout.on('error', ended)
  // Nobody hears of it; the exit code tells what it was about.
  process.stderr.on('error', () => undefined)
  return () => void process.stdout.off('error', ended)
}

export function openOutput(colour: boolean): Output {
  const { stdout: stream } = process
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
  /** Gives it its name. @throws CommandError */
  keep: () => Promise<void>
  discard: () => Promise<void>
  /** For the end of the process, which waits for nothing. */
  discardNow: () => void
}

/** As many characters of a file are written at a time: a write for each line costs as much as making the line. */
const PIECE = 64 * 1024

/** What is no regular file, such as a device or a pipe, is written as it is, each line at once. @throws CommandError */
export async function openFile(path: string): Promise<FileOutput> {
  if (path === '') throw new CommandError('The file has no name: -o FILE.', 2)
  const there = await stat(path).catch(() => undefined)
  const direct = there !== undefined && !there.isFile()
  const part = direct ? path : `${path}.${process.pid}.part`
  const stream = createWriteStream(part)
  let failure: Error | undefined
  stream.on('error', (cause) => (failure ??= cannotWrite(path, cause)))
  const waited = async (done: Promise<unknown>): Promise<void> => {
    await done.catch(() => undefined)
    if (failure) throw failure
  }
  await waited(once(stream, 'open'))
  let piece = ''
  let soon: NodeJS.Immediate | undefined
  const flush = (): void => {
    clearImmediate(soon)
    const text = piece
    ;[piece, soon] = ['', undefined]
    if (text !== '') stream.write(text)
  }
  return {
    output: {
      line: async (text) => {
        if (failure) throw failure
        piece += `${text}\n`
        if (direct || piece.length >= PIECE) flush()
        // Who follows sees a line when it comes.
        else soon ??= setImmediate(flush)
        if (stream.writableNeedDrain) await waited(once(stream, 'drain'))
      },
      paint: (_, text) => text,
      colour: false,
      columns: undefined,
    },
    keep: async () => {
      flush()
      stream.end()
      await waited(finished(stream))
      if (direct) return
      await rename(part, path).catch((cause: Error) => {
        throw cannotWrite(path, cause)
      })
    },
    discard: async () => {
      piece = ''
      stream.destroy()
      if (!direct) await rm(part, { force: true })
    },
    discardNow: () => {
      if (!direct) rmSync(part, { force: true })
    },
  }
}

function cannotWrite(path: string, cause: Error): CommandError {
  return new CommandError(`${path} cannot be written: ${cause.message}. Name another one, or make room.`)
}
