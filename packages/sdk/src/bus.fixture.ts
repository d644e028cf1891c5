// A real bus for a test file, and what lies on it.

import { checkLogEntry } from '@runlight/contracts/log-entry'
import type { LogEntry } from '@runlight/contracts/log-entry'
import type { ProducerClosedData, TraceEvent } from '@runlight/contracts/trace-event'
import { TOPICS } from '@runlight/contracts/topics'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import { readTopic } from '../../../regression/oracle/topic-records.ts'
import type { Diagnostic } from './settings.ts'
import { openTelemetry } from './telemetry.ts'
import type { Telemetry, TelemetrySettings } from './telemetry.ts'

/** The first request may have to wait for a busy machine. */
export const CLOSE_MS = 60_000

export interface TestBus {
  brokers: string[]
  /** Telemetry with a queue and a connection of its own; closed with the bus. */
  open: (settings?: Partial<TelemetrySettings>) => { telemetry: Telemetry; diagnostics: Diagnostic[] }
  /** Entries with this key (run or component), each checked against the contract. */
  logsOf: (key: string) => Promise<LogEntry[]>
  eventsOf: (runId: string) => Promise<TraceEvent[]>
  /** Everything on a topic, as text. */
  text: (topic: string) => Promise<string>
  stop: () => Promise<void>
}

export async function startBus(): Promise<TestBus> {
  const kafka = await startKafka()
  await kafka.createTopics([{ topic: TOPICS.logs }, { topic: TOPICS.events }])
  const { brokers } = kafka
  const opened: Telemetry[] = []
  return {
    brokers,
    open: (settings = {}) => {
      const diagnostics: Diagnostic[] = []
      const onDiagnostic = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic)
      const telemetry = openTelemetry({ brokers, clientId: `client-${opened.length}`, onDiagnostic, ...settings })
      opened.push(telemetry)
      return { telemetry, diagnostics }
    },
    logsOf: async (key) => {
      const records = await readTopic(brokers, TOPICS.logs)
      return records
        .filter((record) => record.key === key)
        .map(({ value }) => {
          const checked = checkLogEntry(JSON.parse(value))
          if (!checked.ok) throw new Error(`${checked.refusal.field} ${checked.refusal.message}: ${value}`)
          return checked.value
        })
    },
    eventsOf: async (runId) => {
      const records = await readTopic(brokers, TOPICS.events)
      return records.filter(({ key }) => key === runId).map(({ value }) => JSON.parse(value) as TraceEvent)
    },
    text: async (topic) => (await readTopic(brokers, topic)).map(({ value }) => value).join('\n'),
    stop: async () => {
      await Promise.all(opened.map((telemetry) => telemetry.close(10_000)))
      await kafka.stop()
    },
  }
}

/** What a producer's close says. */
export function accountOf(events: readonly TraceEvent[]): ProducerClosedData {
  return events.find(({ type }) => type === 'PRODUCER_CLOSED')?.data as unknown as ProducerClosedData
}
