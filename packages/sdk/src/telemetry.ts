// Both adapters of a process, over one connection.

import { readEnvironment } from '@runlight/contracts/environment'
import { countdown } from './deadline.ts'
import { createExecutionContext } from './execution-context.ts'
import type { ExecutionContext, ExecutionContextOptions } from './execution-context.ts'
import { KafkaLogAdapter } from './kafka-log-adapter.ts'
import { KafkaTraceAdapter } from './kafka-trace-adapter.ts'
import type { BusSettings } from './settings.ts'

export interface TelemetrySettings extends BusSettings {
  /** Default `telemetry.logs`. */
  logTopic?: string
  /** Default `telemetry.events`. */
  eventTopic?: string
}

export interface Telemetry {
  logs: KafkaLogAdapter
  events: KafkaTraceAdapter
  context: (options: Omit<ExecutionContextOptions, 'logs' | 'events'>) => ExecutionContext
  /** Waits for contexts that are closing, flushes and ends the connection. False when time was over before. */
  close: (timeoutMs: number) => Promise<boolean>
}

/**
 * Brokers and topics as the environment names them (LOG_KAFKA_BROKERS, LOG_KAFKA_TOPIC, EVENT_KAFKA_TOPIC).
 * @throws RunlightError RL_CONFIG_INVALID
 */
export function telemetryFromEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Pick<TelemetrySettings, 'brokers'> & Required<Pick<TelemetrySettings, 'logTopic' | 'eventTopic'>> {
  return readEnvironment(['brokers', 'logTopic', 'eventTopic'], env)
}

/**
 * Opens the way to the bus; connects with the first record.
 * @throws RunlightError RL_CONFIG_INVALID
 */
export function openTelemetry({ logTopic, eventTopic, ...bus }: TelemetrySettings): Telemetry {
  const logs = new KafkaLogAdapter({ ...bus, ...(logTopic !== undefined && { topic: logTopic }) })
  const events = new KafkaTraceAdapter({ ...bus, ...(eventTopic !== undefined && { topic: eventTopic }) })
  return {
    logs,
    events,
    context: (options) => createExecutionContext({ ...options, logs, events }),
    close: async (timeoutMs) => {
      const left = countdown(timeoutMs)
      const eventsClosed = await events.close(timeoutMs)
      return (await logs.close(left())) && eventsClosed
    },
  }
}
