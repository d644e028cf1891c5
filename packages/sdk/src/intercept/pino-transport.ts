// A transport for pino: its worker thread has a connection of its own, and sends what is left when the process ends.

import { VARIABLES, readEnvironment } from '@runlight/contracts/environment'
import build from 'pino-abstract-transport'
import { countdown } from '../deadline.ts'
import type { BusSettings } from '../settings.ts'
import { openSpeaker } from '../speaker.ts'
import type { Speaker } from '../speaker.ts'
import { openTelemetry, telemetryFromEnvironment } from '../telemetry.ts'
import type { TelemetrySettings } from '../telemetry.ts'
import { fromPino } from './pino-line.ts'
import type { PinoKeys } from './pino-line.ts'

/** Plain values only: they are copied into the worker thread. What is not given is read from the environment. */
export interface PinoTransportOptions
  extends Omit<TelemetrySettings, 'onDiagnostic' | 'onDrop' | 'onRedact' | 'onLimit' | 'brokers' | 'ssl'>, Speaker {
  brokers?: BusSettings['brokers']
  ssl?: boolean
  /** Default: pino's own, as it is set up. */
  keys?: PinoKeys
  /** How long the end of the process may wait for what is left, in milliseconds. pino waits for ten seconds at most. */
  flushTimeoutMs?: number
}

/**
 * What `pino({ transport: { target: '@runlight/sdk/pino-transport', options } })` loads.
 * @throws RunlightError RL_CONFIG_INVALID
 */
export async function openPinoTransport(options: PinoTransportOptions): Promise<NodeJS.WritableStream> {
  const { flushTimeoutMs = 5_000, keys, brokers, component, runId, nodeRef, attempt, execution, ...rest } = options
  const { workflowId, orgId, ...settings } = rest
  const env = { ...process.env, ...(brokers && { [VARIABLES.brokers.name]: brokers.join() }) }
  const telemetry = openTelemetry({
    ...telemetryFromEnvironment(env),
    ...settings,
    // pino ends the worker; the signals are the main thread's.
    closeOnExit: false,
  })
  const named = { component, runId, nodeRef, attempt, execution, workflowId, orgId }
  const writer = openSpeaker(telemetry, named, readEnvironment(['component'], env).component || 'pino')
  return build(
    async (source) => {
      source.on('unknown', (line: string) => writer.log({ level: 'info', message: line }))
      // Known once pino has sent its set-up, which `expectPinoConfig` waits for.
      const { messageKey, errorKey } = source as typeof source & PinoKeys
      for await (const line of source) {
        writer.log(fromPino(line as Record<string, unknown>, { messageKey, errorKey, ...keys }))
      }
    },
    {
      expectPinoConfig: true,
      close: async () => {
        const left = countdown(flushTimeoutMs)
        await writer.close(flushTimeoutMs)
        await telemetry.close(left())
      },
    },
  ) as unknown as Promise<NodeJS.WritableStream>
}
