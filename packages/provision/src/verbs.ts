// What provision's verbs do.

import type { Admin, Kafka } from 'kafkajs'
import { readGenerations } from '@runlight/bridge-core/generations'
import { createKafka } from '@runlight/bridge-core/kafka-client'
import { migrateDown, migrationStatus, readMigrations } from '@runlight/bridge-postgres/migrate'
import { readEnvironment } from '@runlight/contracts/environment'
import { replayTopic } from '@runlight/contracts/topics'
import type { Log } from '@runlight/service/log'
import { forgetPositions, topicsToAccept } from './accept-generation.ts'
import { ensureDatabase, openDatabase } from './database.ts'
import { TOPIC_VARIABLES, desiredTopics } from './desired-topics.ts'
import { ensureGenerations } from './generations.ts'
import type { Report } from './report.ts'
import { ensureTopics } from './topics.ts'
import { waitFor } from './wait.ts'

const DATABASE_VARIABLES = ['postgresUrl', 'postgresPassword'] as const
const PASSWORD_VARIABLES = ['writerPassword', 'readerPassword', 'grafanaPassword'] as const

export interface Surroundings {
  log: Log
  /** The environment's variables. */
  variables: Readonly<Record<string, string | undefined>>
}

/** Topics, generations, roles and migrations: makes what is missing. Run again, it changes nothing. */
export async function provisionUp(
  { log, variables }: Surroundings,
  { acceptGeneration }: { acceptGeneration: boolean },
): Promise<Report> {
  const env = readEnvironment(['brokers', ...TOPIC_VARIABLES, ...DATABASE_VARIABLES, ...PASSWORD_VARIABLES], variables)
  const sql = await openDatabase({ url: env.postgresUrl, password: env.postgresPassword }, log)
  try {
    return await withBus(env.brokers, log, async (kafka, admin) => {
      const passwords = { writer: env.writerPassword, reader: env.readerPassword, grafana: env.grafanaPassword }
      const database = await ensureDatabase(sql, env.postgresUrl, passwords)
      const desired = desiredTopics(env)
      const { created, changes, notes } = await ensureTopics(admin, desired)
      // A partition has a leader some moments after its topic, or its broker, is there; until then it can't be asked.
      await waitFor(log, 'A leader of each partition', () =>
        Promise.all(desired.map(({ topic }) => admin.fetchTopicOffsets(topic))),
      )
      const topics = desired.filter(({ generation }) => generation).map(({ topic }) => topic)
      const renew = new Set(created)
      const generations = await ensureGenerations({ kafka, generationsTopic: env.generationsTopic, topics, renew })
      const accepted = acceptGeneration ? await accept() : []
      return { verb: 'up', changes: [...database, ...changes, ...generations, ...accepted], notes }

      async function accept(): Promise<string[]> {
        const known = await readGenerations(kafka, env.generationsTopic)
        const stored = [env.logTopic, env.eventTopic, env.deadLetterTopic, replayTopic('loki')]
        const found = await topicsToAccept(admin, sql, stored, known)
        const shorter = new Set(found.filter(({ endsTooEarly }) => endsTooEarly).map(({ topic }) => topic))
        // The old generation's offsets are taken: records at the same offsets must not pass for old ones.
        const renewed =
          shorter.size === 0
            ? []
            : await ensureGenerations({ kafka, generationsTopic: env.generationsTopic, topics, renew: shorter })
        return [
          ...renewed,
          ...(await forgetPositions(
            sql,
            found.map(({ topic }) => topic),
            { logTopic: env.logTopic, lokiReplayTopic: replayTopic('loki') },
          )),
        ]
      }
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Reverts the migrations. Topics and roles stay: records on the bus may still be wanted. */
export async function provisionDown({ log, variables }: Surroundings, { force }: { force: boolean }): Promise<Report> {
  const env = readEnvironment(DATABASE_VARIABLES, variables)
  const sql = await openDatabase({ url: env.postgresUrl, password: env.postgresPassword }, log)
  try {
    const reverted = await migrateDown(sql, await readMigrations(), { force })
    return { verb: 'down', changes: reverted.map((name) => `Migration ${name} was reverted.`), notes: [] }
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Says what is there; changes nothing. */
export async function provisionStatus({ log, variables }: Surroundings): Promise<Report> {
  const env = readEnvironment(['brokers', ...TOPIC_VARIABLES, ...DATABASE_VARIABLES], variables)
  const sql = await openDatabase({ url: env.postgresUrl, password: env.postgresPassword }, log)
  try {
    return await withBus(env.brokers, log, async (kafka, admin) => {
      const existing = new Set(await admin.listTopics())
      const generations = await readGenerations(kafka, env.generationsTopic)
      const topics = desiredTopics(env).map(({ topic }) => ({
        topic,
        exists: existing.has(topic),
        generation: generations.get(topic) ?? null,
      }))
      return {
        verb: 'status',
        changes: [],
        notes: [],
        topics,
        migrations: await migrationStatus(sql, await readMigrations()),
      }
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function withBus<R>(
  brokers: readonly string[],
  log: Log,
  work: (kafka: Kafka, admin: Admin) => Promise<R>,
): Promise<R> {
  const kafka = createKafka({ brokers, clientId: 'runlight-provision', log })
  const admin = kafka.admin({ retry: { retries: 3 } })
  await waitFor(log, `The broker at ${brokers.join(', ')}`, async () => {
    await admin.connect()
    const { brokers: found } = await admin.describeCluster()
    if (found.length === 0) throw new Error('no broker has registered yet')
  })
  try {
    return await work(kafka, admin)
  } finally {
    await admin.disconnect()
  }
}
