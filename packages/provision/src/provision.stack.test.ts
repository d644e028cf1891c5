import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ROLES, TABLES } from '@runlight/contracts/tables'
import { createLog } from '@runlight/service/log'
import kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { startPostgres } from '../../../regression/fixtures/postgres.ts'
import type { TestPostgres } from '../../../regression/fixtures/postgres.ts'
import { readTopic } from '../../../regression/oracle/topic-records.ts'
import { provisionDown, provisionStatus, provisionUp } from './verbs.ts'
import type { Surroundings } from './verbs.ts'

const OWNER = 'provisioner'
const words = { owner: 'word-owner', writer: "word'-writer", reader: 'word-reader', grafana: 'word-grafana' }

let kafka: TestKafka
let server: TestPostgres
let folder: string
let surroundings: Surroundings
let admin: Admin

beforeAll(async () => {
  ;[kafka, server] = await Promise.all([startKafka(), startPostgres({ auth: 'scram-sha-256' })])
  folder = await mkdtemp(join(tmpdir(), 'runlight-provision-'))
  for (const [name, word] of Object.entries(words)) await writeFile(join(folder, name), `${word}\n`)
  // As a managed database gives it: the owner of the database, who may make roles, but is no superuser.
  const sql = server.connect()
  await sql.unsafe(`create role ${OWNER} login createrole password '${words.owner}'`)
  await sql.unsafe(`alter database runlight owner to ${OWNER}`)
  await sql.end()
  admin = kafka.client().admin()
  await admin.connect()
  surroundings = {
    log: createLog({ component: 'test', instance: '0', level: 'error' }),
    variables: {
      LOG_KAFKA_BROKERS: kafka.brokers.join(','),
      RUNLIGHT_POSTGRES_URL: server.url(OWNER).href,
      RUNLIGHT_POSTGRES_PASSWORD_FILE: join(folder, 'owner'),
      RUNLIGHT_POSTGRES_WRITER_PASSWORD_FILE: join(folder, 'writer'),
      RUNLIGHT_POSTGRES_READER_PASSWORD_FILE: join(folder, 'reader'),
      RUNLIGHT_POSTGRES_GRAFANA_PASSWORD_FILE: join(folder, 'grafana'),
      RUNLIGHT_TOPIC_PARTITIONS: '3',
      RUNLIGHT_TOPIC_RETENTION_HOURS: '48',
      RUNLIGHT_TOPIC_MAX_MESSAGE_BYTES: '4194304',
    },
  }
})
afterAll(async () => {
  await admin.disconnect()
  await Promise.all([kafka.stop(), server.stop(), rm(folder, { recursive: true })])
})

const up = (variables: Record<string, string> = {}, acceptGeneration = false) =>
  provisionUp({ ...surroundings, variables: { ...surroundings.variables, ...variables } }, { acceptGeneration })

async function as<R>(role: string, word: string, work: (sql: postgres.Sql) => Promise<R>): Promise<R> {
  const sql = postgres(server.url(role).href, { password: word, max: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.end()
  }
}

async function topicConfig(topic: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  })
  return Object.fromEntries(resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]) ?? [])
}

const generations = async () =>
  Object.fromEntries(
    (await readTopic(kafka.brokers, 'telemetry.generations')).map(({ key, value }) => [
      key,
      (JSON.parse(value) as { generation: string }).generation,
    ]),
  )

describe('provision up', () => {
  it('makes topics, generations, roles and tables, and says so', async () => {
    const report = await up()
    expect(report.notes).toEqual([])
    const topics = [
      'telemetry.logs',
      'telemetry.events',
      'telemetry.dlq',
      'telemetry.replay.loki',
      'telemetry.replay.postgres',
    ]
    for (const topic of [...topics, 'telemetry.generations'])
      expect(report.changes).toContain(`Topic ${topic} was created.`)
    for (const role of Object.values(ROLES)) expect(report.changes).toContain(`Role ${role} was created.`)
    expect(Object.keys(await generations()).sort()).toEqual(topics.sort())
    const { topics: metadata } = await admin.fetchTopicMetadata({ topics: ['telemetry.logs', 'telemetry.dlq'] })
    // The broker answers in an order of its own.
    const partitions = Object.fromEntries(metadata.map((topic) => [topic.name, topic.partitions.length]))
    expect(partitions).toEqual({ 'telemetry.logs': 3, 'telemetry.dlq': 1 })
    expect(await topicConfig('telemetry.logs')).toMatchObject({
      'message.timestamp.type': 'LogAppendTime',
      'retention.ms': String(48 * 3_600_000),
      'max.message.bytes': '4194304',
    })
    expect(await topicConfig('telemetry.generations')).toMatchObject({ 'cleanup.policy': 'compact' })
    await as(ROLES.writer, words.writer, (sql) => sql`insert into positions values ('t', 0, 'g', 1)`)
    for (const table of Object.keys(TABLES)) {
      await as(ROLES.reader, words.reader, (sql) => sql`select * from ${sql(table)}`)
      await as(ROLES.grafana, words.grafana, (sql) => sql`select * from ${sql(table)}`)
    }
    await as(ROLES.writer, words.writer, (sql) => sql`select runlight_ensure_log_partition('2026-01-01')`)
    await as(OWNER, words.owner, (sql) => sql`delete from positions`.catch(() => undefined))
  })

  it('changes nothing when it is run again', async () => {
    const before = await generations()
    expect(await up()).toEqual({ verb: 'up', changes: [], notes: [] })
    expect(await generations()).toEqual(before)
  })

  it('brings back configuration that has drifted, and follows settings', async () => {
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: 'telemetry.logs',
          configEntries: [{ name: 'message.timestamp.type', value: 'CreateTime' }],
        },
      ],
    })
    const report = await up({ RUNLIGHT_TOPIC_RETENTION_HOURS: '24' })
    expect(report.changes).toContain(
      'Topic telemetry.logs: message.timestamp.type was CreateTime and is LogAppendTime again.',
    )
    expect(report.changes).toContain('Topic telemetry.events: retention.ms was 172800000 and is 86400000 again.')
    expect(await topicConfig('telemetry.logs')).toMatchObject({
      'message.timestamp.type': 'LogAppendTime',
      'retention.ms': '86400000',
      'max.message.bytes': '4194304',
    })
    await up()
  })

  it('adds no partition silently', async () => {
    const { changes, notes } = await up({ RUNLIGHT_TOPIC_PARTITIONS: '6' })
    expect(changes).toEqual([])
    expect(notes).toHaveLength(2)
    expect(notes[0]).toContain('Topic telemetry.logs has 3 partitions, the setting says 6; it was left as it is.')
  })

  it('sets a password again that was changed', async () => {
    await writeFile(join(folder, 'reader'), 'another')
    expect((await up()).changes).toEqual([`The password of ${ROLES.reader} was set.`])
    await as(ROLES.reader, 'another', (sql) => sql`select 1`)
    await writeFile(join(folder, 'reader'), words.reader)
    await up()
  })

  it('gives a topic that was created anew a new generation; what is stored of the old one is given up only when told to', async () => {
    const before = await generations()
    const position = { generation: before['telemetry.logs'] as string, next_offset: 5 }
    const store = (topic: string) =>
      as(
        ROLES.writer,
        words.writer,
        (sql) => sql`insert into positions ${sql({ topic, kafka_partition: 0, ...position })}`,
      )
    await store('telemetry.logs')
    // Of one day Loki is known to have everything.
    await as(ROLES.writer, words.writer, async (sql) => {
      await sql`select runlight_ensure_log_partition('2026-01-02')`
      await sql`insert into log_days (day, loki_passed_at) values ('2026-01-02', now())`
    })
    await admin.deleteTopics({ topics: ['telemetry.logs'] })
    await expect.poll(async () => (await admin.listTopics()).includes('telemetry.logs')).toBe(false)
    expect((await up()).changes).toHaveLength(2)
    const after = await generations()
    expect(after['telemetry.logs']).not.toBe(before['telemetry.logs'])
    expect(after['telemetry.events']).toBe(before['telemetry.events'])
    const positions = () => as(ROLES.reader, words.reader, (sql) => sql`select topic from positions`)
    expect(await positions()).toHaveLength(1)
    expect((await up({}, true)).changes).toEqual([
      'The positions of telemetry.logs in the trace store were given up; it is taken from its first record on.',
      expect.stringMatching(/^Loki may lack lines of 2026-01-01: .*runlight_drop_log_partition\('2026-01-01'\)/),
    ])
    expect(await positions()).toEqual([])
    const kept = await as(ROLES.reader, words.reader, (sql) => sql`select day::text from log_days where older_life`)
    expect(kept).toEqual([{ day: '2026-01-01' }])
    expect(await up({}, true)).toMatchObject({ changes: [] })
  })

  it('gives a topic that ends too early a new generation when told to, since its offsets are taken', async () => {
    const before = await generations()
    const row = {
      topic: 'telemetry.events',
      kafka_partition: 0,
      generation: before['telemetry.events'] as string,
      next_offset: 9,
    }
    await as(ROLES.writer, words.writer, (sql) => sql`insert into positions ${sql(row)}`)
    expect((await up({}, true)).changes).toHaveLength(2)
    expect((await generations())['telemetry.events']).not.toBe(before['telemetry.events'])
  })

  it('fails at once, and says why, when the password is wrong', async () => {
    await writeFile(join(folder, 'wrong'), 'wrong')
    const failing = up({ RUNLIGHT_POSTGRES_PASSWORD_FILE: join(folder, 'wrong') })
    await expect(failing).rejects.toThrow(/password authentication failed for user "provisioner"/)
  })
})

describe('provision status and down', () => {
  it('say what is there; down is refused while there is data', async () => {
    const status = await provisionStatus(surroundings)
    expect(status).toMatchObject({ changes: [], migrations: { pending: [] } })
    expect((status['topics'] as { exists: boolean }[]).every(({ exists }) => exists)).toBe(true)
    await as(ROLES.writer, words.writer, (sql) => sql`insert into positions values ('t', 0, 'g', 1)`)
    await expect(provisionDown(surroundings, { force: false })).rejects.toThrow(/positions holds data/)
    const { changes } = await provisionDown(surroundings, { force: true })
    expect(changes.at(-1)).toBe('Migration 0001_trace_store was reverted.')
    expect((await up()).changes.every((change) => change.startsWith('Migration'))).toBe(true)
  })
})

describe('the command', () => {
  const run = promisify(execFile)
  const command = (...given: string[]) =>
    run(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('main.ts', import.meta.url)), ...given], {
      env: { ...process.env, ...surroundings.variables },
    })

  it('prints one line of JSON, and fails with what to do next', async () => {
    const { stdout } = await command('up')
    expect(JSON.parse(stdout)).toEqual({ verb: 'up', changes: [], notes: [] })
    const failure = (await command('sideways').catch((cause: unknown) => cause)) as { code: number; stderr: string }
    expect(failure.code).toBe(1)
    expect(failure.stderr).toContain('The verb must be up, down or status.')
    expect(failure.stderr).toContain('RL_CONFIG_INVALID')
  })
})
