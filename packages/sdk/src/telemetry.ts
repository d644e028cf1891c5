// Both adapters of a process, over one connection.

import { readEnvironment } from '@runlight/contracts/environment'
import { ComponentLog } from './component-log.ts'
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
  /** For one attempt of a node, or for a run. */
  context: (options: Omit<ExecutionContextOptions, 'logs' | 'events'>) => ExecutionContext
  /** For what is of no run. */
  component: (component: string, options?: { orgId?: string }) => ComponentLog
  /** Waits for contexts that are closing, flushes and ends the connection. False when time was over before. */
  close: (timeoutMs: number) => Promise<boolean>
}

type Env = Readonly<Record<string, string | undefined>>

type FromEnvironment = Pick<TelemetrySettings, 'brokers' | 'redact' | 'limits' | 'streams' | 'output' | 'closeOnExit'> &
  Required<Pick<TelemetrySettings, 'logTopic' | 'eventTopic'>>

/**
 * Settings as the environment names them: brokers and topics, redaction, rate limits, streams (docs/environment.md).
 * @throws RunlightError RL_CONFIG_INVALID
 */
export function telemetryFromEnvironment(env: Env = process.env): FromEnvironment {
  const read = readEnvironment(
    [
      ...(['brokers', 'logTopic', 'eventTopic', 'streams', 'ansi', 'closeOnExit'] as const),
      ...(['redact', 'redactKeys', 'redactPatterns', 'runRate', 'componentRate'] as const),
    ],
    env,
  )
  const patterns = read.redactPatterns.map((pattern, i) => ({ name: `environment-${i + 1}`, pattern }))
  const limit = (linesPerSecond: number) => (linesPerSecond === 0 ? (false as const) : { linesPerSecond })
  return {
    brokers: read.brokers,
    logTopic: read.logTopic,
    eventTopic: read.eventTopic,
    streams: read.streams,
    output: { ansi: read.ansi },
    closeOnExit: read.closeOnExit === 'on',
    redact: { defaults: read.redact === 'on', keys: read.redactKeys, patterns },
    limits: { run: limit(read.runRate), component: limit(read.componentRate) },
  }
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
    component: (component, options = {}) => new ComponentLog({ ...options, logs, component }),
    close: async (timeoutMs) => {
      const left = countdown(timeoutMs)
      const eventsClosed = await events.close(timeoutMs)
      return (await logs.close(left())) && eventsClosed
    },
  }
}
