// Environment variables of the telemetry bus: where it is, its topics, and how they are made.

import { TOPICS } from './topics.ts'
import { integer, list, text, variable } from './variable.ts'

export const BUS_VARIABLES = {
  brokers: variable({
    name: 'LOG_KAFKA_BROKERS',
    aliases: ['TELEMETRY_BROKER_URL'],
    doc: 'Brokers of the telemetry bus: `host:port`, comma-separated',
    parse: list,
  }),
  logTopic: variable({
    name: 'LOG_KAFKA_TOPIC',
    aliases: ['TELEMETRY_LOG_TOPIC'],
    doc: 'Topic of log entries',
    fallback: TOPICS.logs as string,
    parse: text,
  }),
  eventTopic: variable({
    name: 'EVENT_KAFKA_TOPIC',
    doc: 'Topic of trace events',
    fallback: TOPICS.events as string,
    parse: text,
  }),
  deadLetterTopic: variable({
    name: 'DLQ_KAFKA_TOPIC',
    doc: 'Topic of dead letters',
    fallback: TOPICS.deadLetters as string,
    parse: text,
  }),
  generationsTopic: variable({
    name: 'RUNLIGHT_GENERATIONS_TOPIC',
    doc: 'Topic of generations (compacted)',
    fallback: TOPICS.generations as string,
    parse: text,
  }),
  partitions: variable({
    name: 'RUNLIGHT_TOPIC_PARTITIONS',
    doc: 'Partitions of each topic, when provision creates it',
    fallback: 4,
    parse: integer(1, 1000),
  }),
  retentionHours: variable({
    name: 'RUNLIGHT_TOPIC_RETENTION_HOURS',
    doc: 'How long the bus keeps records, in hours',
    fallback: 72,
    parse: integer(1, 24 * 365),
  }),
  maxMessageBytes: variable({
    name: 'RUNLIGHT_TOPIC_MAX_MESSAGE_BYTES',
    doc: 'Largest record batch that the bus accepts, in bytes',
    fallback: 8 * 1024 * 1024,
    parse: integer(64 * 1024, 64 * 1024 * 1024),
  }),
  replication: variable({
    name: 'RUNLIGHT_TOPIC_REPLICATION',
    doc: 'Replicas of each topic, when provision creates it',
    fallback: 1,
    parse: integer(1, 9),
  }),
} as const
