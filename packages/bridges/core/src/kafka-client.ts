// The kafkajs client of a service, with its log passed on to ours.

import { hostname } from 'node:os'
import { Kafka, logLevel } from 'kafkajs'
import type { LogEntry as KafkaLogEntry } from 'kafkajs'
import type { Log } from '@runlight/service/log'
import { quietKafka } from '@runlight/service/quiet-kafka'
import { registerCodecs } from './codecs.ts'

export interface KafkaSettings {
  brokers: readonly string[]
  /** Name in the broker's own logs and quotas. */
  clientId: string
  log: Log
}

export function createKafka({ brokers, clientId, log }: KafkaSettings): Kafka {
  registerCodecs()
  quietKafka()
  return new Kafka({
    clientId: `${clientId}@${hostname()}`,
    brokers: [...brokers],
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    // A broker may be away for as long as it likes: kafkajs restarts the consumer after these.
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 8 },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => passOn(log, entry),
  })
}

// What kafkajs calls an error is mostly a connection that it opens again; what it can't mend is a CRASH event.
function passOn(log: Log, { level, namespace, log: { message, timestamp: _, logger: __, ...details } }: KafkaLogEntry) {
  const text = `Kafka client: ${namespace ? `${namespace}: ` : ''}${message}`
  const { stack: ___, ...rest } = details as { stack?: unknown }
  if (level === logLevel.ERROR || level === logLevel.WARN) log.warn(rest, text)
  else log.debug(rest, text)
}
