// The names of streams: the standard ones, and custom ones, which are registered once.

import { RunlightError } from '@runlight/contracts/errors'
import { CUSTOM_STREAMS, STANDARD_STREAMS, STREAM_PATTERN } from '@runlight/contracts/log-entry'

/**
 * Custom streams. An application that registers one of its own (setting `streams`) names it to the compiler too:
 * `declare module '@runlight/sdk/streams' { interface RegisteredStreams { build: true } }`
 */
export interface RegisteredStreams {
  terminal: true
  agent: true
}

export type StreamName = (typeof STANDARD_STREAMS)[number] | Extract<keyof RegisteredStreams, string>

const SHAPE = new RegExp(STREAM_PATTERN)

export class StreamRegistry {
  readonly #names: ReadonlySet<string>

  /** @throws RunlightError RL_CONFIG_INVALID: a name that can't be one */
  constructor(custom: readonly string[] = []) {
    const wrong = custom.find((name) => !SHAPE.test(name))
    if (wrong !== undefined) {
      throw new RunlightError('RL_CONFIG_INVALID', `stream ${JSON.stringify(wrong)} must match ${STREAM_PATTERN}`)
    }
    this.#names = new Set([...STANDARD_STREAMS, ...CUSTOM_STREAMS, ...custom])
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  /** @throws RunlightError RL_STREAM_UNREGISTERED */
  demand(name: string): void {
    if (this.#names.has(name)) return
    const known = [...this.#names].join(', ')
    throw new RunlightError('RL_STREAM_UNREGISTERED', `There is no stream ${JSON.stringify(name)}, only ${known}.`)
  }
}
