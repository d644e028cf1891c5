// The topics that Runlight needs, and how each must be configured.

import type { Environment } from '@runlight/contracts/environment'
import { SINKS, replayTopic } from '@runlight/contracts/topics'

export const TOPIC_VARIABLES = [
  'logTopic',
  'eventTopic',
  'deadLetterTopic',
  'generationsTopic',
  'partitions',
  'retentionHours',
  'maxMessageBytes',
  'replication',
] as const

export interface DesiredTopic {
  topic: string
  partitions: number
  replication: number
  /** By the broker's own names. */
  config: Readonly<Record<string, string>>
  /** Has it a generation? The topic of generations itself has none. */
  generation: boolean
}

export function desiredTopics(env: Environment<(typeof TOPIC_VARIABLES)[number]>): DesiredTopic[] {
  const { partitions, replication } = env
  const common = {
    // The bus tells the time: a producer's clock may be wrong.
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': String(env.maxMessageBytes),
  }
  const kept = {
    ...common,
    'cleanup.policy': 'delete',
    'retention.ms': String(env.retentionHours * 3_600_000),
    // Retention goes by bytes nowhere: what is overtaken should depend on time alone.
    'retention.bytes': '-1',
  }
  const data = [env.logTopic, env.eventTopic]
  const small = [env.deadLetterTopic, ...SINKS.map(replayTopic)]
  return [
    ...data.map((topic) => ({ topic, partitions, replication, config: kept, generation: true })),
    ...small.map((topic) => ({ topic, partitions: 1, replication, config: kept, generation: true })),
    {
      topic: env.generationsTopic,
      partitions: 1,
      replication,
      config: { ...common, 'cleanup.policy': 'compact' },
      generation: false,
    },
  ]
}
