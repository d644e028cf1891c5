// Output that is forwarded as it comes and captured whole, for those who parse it.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { StringDecoder } from 'node:string_decoder'
import { ContainerOutput } from './container-output.ts'
import type { LineAssembler } from './lines.ts'
import type { FullOutputSettings } from './settings.ts'

/** One stream of what was captured. */
export interface CapturedStream {
  /** As it was written, from the beginning; without a character that was parted where it was cut. */
  text: string
  /** Bytes written in all. */
  bytes: number
  /** Whether `text` is not all of it: the bound is the setting `captureBytes`. */
  cut: boolean
}

export interface CapturedOutput {
  stdout: CapturedStream
  stderr: CapturedStream
}

export interface CapturedChild extends CapturedOutput {
  /** Exit code; null when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
}

/** Where captured output goes, line by line. */
export interface CaptureTarget {
  settings: FullOutputSettings
  open: (stream: 'stdout' | 'stderr') => LineAssembler
  /** Told once for each stream of which more came than is kept. */
  onCut: (stream: 'stdout' | 'stderr', bytes: number) => void
}

/**
 * Forwards and captures a child until it has ended and its output is read to the end.
 * @throws Error of a child that could not be started
 */
export async function captureChild(child: ChildProcess, target: CaptureTarget): Promise<CapturedChild> {
  const [stdout, stderr] = [new Tap('stdout', target), new Tap('stderr', target)]
  const [ended] = await Promise.all([exitOf(child), drain(child.stdout, stdout), drain(child.stderr, stderr)])
  return { stdout: stdout.end(), stderr: stderr.end(), ...ended }
}

/**
 * Forwards and captures the output of a container, as `attach` and `logs` of the Docker engine stream it: multiplexed,
 * or as it is from a container with a terminal (all of it is stdout then).
 * @throws RunlightError RL_CONTAINER_OUTPUT_INVALID, and what the stream fails with
 */
export async function captureContainer(output: Readable, target: CaptureTarget): Promise<CapturedOutput> {
  const [stdout, stderr] = [new Tap('stdout', target), new Tap('stderr', target)]
  const frames = new ContainerOutput(
    (chunk) => stdout.push(chunk),
    (chunk) => stderr.push(chunk),
  )
  try {
    for await (const chunk of output) frames.push(chunk as Uint8Array)
  } finally {
    frames.end()
    stdout.finishLines()
    stderr.finishLines()
  }
  return { stdout: stdout.end(), stderr: stderr.end() }
}

/** One stream on its way to the lines and to what is captured. */
class Tap {
  readonly #stream: 'stdout' | 'stderr'
  readonly #target: CaptureTarget
  readonly #lines: LineAssembler
  readonly #kept: Uint8Array[] = []
  #keptBytes = 0
  #bytes = 0

  constructor(stream: 'stdout' | 'stderr', target: CaptureTarget) {
    this.#stream = stream
    this.#target = target
    this.#lines = target.open(stream)
  }

  push(data: Uint8Array | string): void {
    // A stream with an encoding gives text.
    const chunk = typeof data === 'string' ? Buffer.from(data) : data
    const wasCut = this.#bytes > this.#keptBytes
    this.#bytes += chunk.length
    const room = this.#target.settings.captureBytes - this.#keptBytes
    if (room > 0) {
      const kept = chunk.subarray(0, room)
      this.#kept.push(kept)
      this.#keptBytes += kept.length
    }
    if (!wasCut && this.#bytes > this.#keptBytes) this.#target.onCut(this.#stream, this.#keptBytes)
    this.#lines.push(chunk)
  }

  finishLines(): void {
    this.#lines.end()
  }

  end(): CapturedStream {
    this.#lines.end()
    const decoder = new StringDecoder('utf8')
    const text = decoder.write(Buffer.concat(this.#kept))
    const cut = this.#bytes > this.#keptBytes
    return { text: cut ? text : text + decoder.end(), bytes: this.#bytes, cut }
  }
}

async function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  // `once` rejects with the event `error`: it could not be started.
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}

async function drain(output: Readable | null, tap: Tap): Promise<void> {
  if (!output) return
  output.on('data', (chunk: Uint8Array | string) => tap.push(chunk))
  // A pipe that breaks has ended; what the child became says why.
  await finished(output, { writable: false }).catch(() => undefined)
}
