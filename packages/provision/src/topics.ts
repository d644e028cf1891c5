// Brings the topics to what they should be.

import kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import type { DesiredTopic } from './desired-topics.ts'

export interface TopicOutcome {
  created: string[]
  changes: string[]
  notes: string[]
}

/** Creates what is missing and brings back configuration that has drifted. Partitions are never added silently. */
export async function ensureTopics(admin: Admin, desired: readonly DesiredTopic[]): Promise<TopicOutcome> {
  const existing = new Set(await admin.listTopics())
  const missing = desired.filter(({ topic }) => !existing.has(topic))
  if (missing.length > 0) {
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ topic, partitions, replication, config }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: replication,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    })
  }
  const present = desired.filter(({ topic }) => existing.has(topic))
  const created = missing.map(({ topic }) => topic)
  return {
    created,
    changes: [...created.map((topic) => `Topic ${topic} was created.`), ...(await correctDrift(admin, present))],
    notes: await partitionNotes(admin, present),
  }
}

async function correctDrift(admin: Admin, desired: readonly DesiredTopic[]): Promise<string[]> {
  if (desired.length === 0) return []
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: desired.map(({ topic, config }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic,
      configNames: Object.keys(config),
    })),
  })
  const changes: string[] = []
  for (const { topic, config } of desired) {
    const entries = resources.find((resource) => resource.resourceName === topic)?.configEntries ?? []
    const actual = new Map(entries.map((entry) => [entry.configName, entry.configValue]))
    const drifted = Object.entries(config).filter(([name, value]) => actual.get(name) !== value)
    if (drifted.length === 0) continue
    // AlterConfigs replaces the whole set: what is not named falls back to the broker's default.
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        },
      ],
    })
    for (const [name, value] of drifted) {
      changes.push(`Topic ${topic}: ${name} was ${actual.get(name) ?? 'unknown'} and is ${value} again.`)
    }
  }
  return changes
}

async function partitionNotes(admin: Admin, desired: readonly DesiredTopic[]): Promise<string[]> {
  if (desired.length === 0) return []
  const { topics } = await admin.fetchTopicMetadata({ topics: desired.map(({ topic }) => topic) })
  return desired.flatMap(({ topic, partitions }) => {
    const actual = topics.find((found) => found.name === topic)?.partitions.length ?? 0
    if (actual === partitions) return []
    const advice =
      actual < partitions
        ? "Adding partitions moves keys to other partitions, so the order within running runs would be lost; do it with the broker's own tool while nothing runs."
        : 'A topic cannot lose partitions.'
    return [`Topic ${topic} has ${actual} partitions, the setting says ${partitions}; it was left as it is. ${advice}`]
  })
}
