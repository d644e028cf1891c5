// Docker's multiplexed output taken apart: frames of eight bytes of header and a payload, as `docker attach` and `logs`
// give for a container without a terminal (https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container,
// "Stream format"): stream type, three zeros, length (32 bits, big endian).

import { RunlightError } from '@runlight/contracts/errors'

const HEADER = 8
/** stdin (echoed), stdout, stderr, and what the engine itself has to say. */
const SYSTEM_ERROR = 3

export class ContainerOutput {
  readonly #onStdout: (chunk: Buffer) => void
  readonly #onStderr: (chunk: Buffer) => void
  #header = Buffer.alloc(0)
  #toStderr = false
  #left = 0
  /** A container with a terminal has no frames: what comes is what it wrote. */
  #format: 'unknown' | 'frames' | 'raw' = 'unknown'

  constructor(onStdout: (chunk: Buffer) => void, onStderr: (chunk: Buffer) => void) {
    this.#onStdout = onStdout
    this.#onStderr = onStderr
  }

  /** @throws RunlightError RL_CONTAINER_OUTPUT_INVALID: after some frames comes what is none */
  push(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    while (rest.length > 0) {
      if (this.#format === 'raw') return this.#onStdout(rest)
      if (this.#left > 0) {
        const payload = rest.subarray(0, this.#left)
        this.#left -= payload.length
        rest = rest.subarray(payload.length)
        if (this.#toStderr) this.#onStderr(payload)
        else this.#onStdout(payload)
        continue
      }
      const needed = HEADER - this.#header.length
      this.#header = Buffer.concat([this.#header, rest.subarray(0, needed)])
      rest = rest.subarray(needed)
      this.#readHeader()
    }
  }

  /** The output has ended. True when it ended where a frame does. */
  end(): boolean {
    const whole = this.#left === 0 && this.#header.length === 0
    // Too short for a first header: a container with a terminal that wrote next to nothing.
    if (this.#format === 'unknown' && this.#header.length > 0) this.#onStdout(this.#header)
    this.#header = Buffer.alloc(0)
    return whole || this.#format !== 'frames'
  }

  #readHeader(): void {
    const header = this.#header
    const [type = 0] = header
    const wrong = type > SYSTEM_ERROR || header.subarray(1, 4).some((byte) => byte !== 0)
    if (wrong && this.#format === 'unknown') {
      this.#format = 'raw'
      this.#header = Buffer.alloc(0)
      return this.#onStdout(header)
    }
    if (wrong) {
      const bytes = header.toString('hex')
      throw new RunlightError('RL_CONTAINER_OUTPUT_INVALID', `A frame cannot begin with the bytes ${bytes}.`)
    }
    if (header.length < HEADER) return
    this.#format = 'frames'
    this.#toStderr = type >= 2
    this.#left = header.readUInt32BE(4)
    this.#header = Buffer.alloc(0)
  }
}
