// Topics of the telemetry bus and the keys of their records.

export const TOPICS = {
  logs: 'telemetry.logs',
  events: 'telemetry.events',
  deadLetters: 'telemetry.dlq',
  /** Compacted: topic name → its generation. */
  generations: 'telemetry.generations',
} as const

/** The sinks, by the name in their consumer group, their replay topic and their metrics. */
export const SINKS = ['loki', 'postgres'] as const
export type SinkName = (typeof SINKS)[number]

/** Consumer group of a sink; the API reads its committed offsets to answer what has arrived. */
export function consumerGroup(sink: SinkName): string {
  return `runlight-bridge-${sink}`
}

/** Topic through which a dead letter goes back to the one sink that had refused it. */
export function replayTopic(sink: SinkName): string {
  return `telemetry.replay.${sink}`
}

/** Name of the message header that carries the original position of a replayed record. */
export const ORIGIN_HEADER = 'runlight-origin'
