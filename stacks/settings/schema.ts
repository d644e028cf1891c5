// Every setting of a stack: declared once, with type, default, unit, check and meaning.
// Set one with `pulumi config set --path 'runlight:loki.port' 17310`.

import type { XStatic } from 'typebox/schema'
import { DEFAULT_RUN_PREFIX } from '@runlight/contracts/identifiers'
import { LABEL_MODES, LINE_FORMATS } from '@runlight/contracts/labels'
import { TOPICS } from '@runlight/contracts/topics'

/** Where a stack can run; design section 2 has the table. */
export const ENVIRONMENTS = ['local', 'dev', 'staging', 'prod'] as const
export type EnvironmentName = (typeof ENVIRONMENTS)[number]

/** What a setting says of itself, beside its type and check. */
interface About<T> {
  default: T
  /** Defaults that differ in an environment. */
  defaultIn?: Partial<Record<EnvironmentName, T>>
  unit?: string
  description: string
}

// JSON Schema as literals, not by TypeBox's builder: loading that takes longer than all else in the program.

const count = (minimum: number, maximum: number, about: About<number>) =>
  ({ type: 'integer', minimum, maximum, ...about }) as const

const port = (about: About<number>) => count(1, 65535, { unit: 'port', ...about })

const choice = <const V extends readonly string[]>(values: V, about: About<V[number]>) => ({ enum: values, ...about })

/** Whether something runs at all. */
const running = (about: About<'yes' | 'no'>) => choice(['yes', 'no'], about)

const text = (pattern: string, about: About<string>) => ({ type: 'string', pattern, ...about }) as const

/** Addresses are written as host:port, which an IPv6 address would break. */
const ipv4 = (about: About<string>) => ({ type: 'string', format: 'ipv4', ...about }) as const

const group = <const P extends object>(properties: P) => ({ type: 'object', properties }) as const

/** Values that begin with nothing given. */
const NOTHING_OR = (pattern: string) => `^(${pattern})?$`

const IMAGE_REFERENCE = NOTHING_OR('[a-z0-9][A-Za-z0-9._:/@-]{0,511}')

const image = (what: string) =>
  text(IMAGE_REFERENCE, { default: '', description: `Image of ${what}; left out, the pinned one` })

const builtImage = (what: string) =>
  text(IMAGE_REFERENCE, { default: '', description: `Image of ${what}; left out, it is built from this clone` })

const topic = (name: string, description: string) =>
  text('^[A-Za-z0-9._-]{1,249}$', { default: name, description: `Topic of ${description}` })

export const settingsSchema = group({
  environment: choice(ENVIRONMENTS, {
    default: 'local',
    description: "Where the stack runs; left out, it is the stack's name up to its first `-`",
  }),
  logLevel: choice(['debug', 'info', 'warn', 'error'], {
    default: 'info',
    description: "Level of the services' own logs",
  }),
  runPrefix: text('^[A-Za-z0-9_-]{0,64}$', {
    default: DEFAULT_RUN_PREFIX,
    description: 'Prefix of generated run ids',
  }),
  topics: group({
    logs: topic(TOPICS.logs, 'log entries'),
    events: topic(TOPICS.events, 'trace events'),
    deadLetters: topic(TOPICS.deadLetters, 'dead letters'),
    generations: topic(TOPICS.generations, 'generations (compacted)'),
    partitions: count(1, 1000, {
      default: 4,
      unit: 'partitions',
      description: 'Partitions of a topic when it is created',
    }),
    replication: count(1, 9, {
      default: 1,
      defaultIn: { staging: 3, prod: 3 },
      unit: 'replicas',
      description: 'Replicas of a topic when it is created',
    }),
    retentionHours: count(1, 24 * 365, {
      default: 72,
      unit: 'hours',
      description: 'How long the bus keeps records: the longest outage of a store that loses nothing',
    }),
    maxMessageBytes: count(64 * 1024, 64 * 1024 * 1024, {
      default: 8 * 1024 * 1024,
      unit: 'bytes',
      description: 'Largest record batch that the bus takes',
    }),
  }),
  bus: group({
    broker: choice(['kafka', 'redpanda'], {
      default: 'kafka',
      defaultIn: { dev: 'redpanda', staging: 'redpanda', prod: 'redpanda' },
      description: 'Apache Kafka, or Redpanda where there are containers',
    }),
    port: port({ default: 17092, description: 'Kafka protocol' }),
    controllerPort: port({ default: 17093, description: "Among brokers: KRaft controller, or Redpanda's RPC" }),
    adminPort: port({ default: 17094, description: "Redpanda's admin API and metrics" }),
    memoryMiB: count(256, 65536, {
      default: 512,
      defaultIn: { dev: 1024 },
      unit: 'MiB',
      description: 'Heap of the broker',
    }),
  }),
  console: group({
    run: running({ default: 'no', defaultIn: { dev: 'yes' }, description: 'Redpanda Console, to look into the bus' }),
    port: port({ default: 17096, description: 'Redpanda Console' }),
  }),
  loki: group({
    port: port({ default: 17310, description: 'HTTP API' }),
    grpcPort: port({ default: 17395, description: 'gRPC among its own parts' }),
    labels: choice(LABEL_MODES, {
      default: 'perRun',
      defaultIn: { staging: 'bounded', prod: 'bounded' },
      description: 'A stream for each run, node and stream (perRun), or few streams (bounded)',
    }),
    lines: choice(LINE_FORMATS, {
      default: 'json',
      description: 'Lines as they were on the bus (json), or the message alone (plain)',
    }),
    maxLineKiB: count(1, 1024, {
      default: 256,
      unit: 'KiB',
      description: 'Longest line; longer ones are cut for Loki, and whole in the hot store',
    }),
    retentionDays: count(1, 3650, { default: 31, unit: 'days', description: 'How long lines are kept' }),
    ingestionRateMiB: count(1, 4096, {
      default: 512,
      unit: 'MiB/s',
      description: 'What one tenant, and one stream of it, may push before Loki answers 429',
    }),
    maxStreams: count(1000, 10_000_000, {
      default: 100_000,
      unit: 'streams',
      description: 'Active streams of one tenant before Loki answers 429',
    }),
  }),
  postgres: group({
    port: port({ default: 17432, description: 'PostgreSQL protocol' }),
    maxConnections: count(10, 1000, { default: 100, unit: 'connections', description: 'Limit of connections' }),
    sharedBuffersMiB: count(16, 65536, { default: 256, unit: 'MiB', description: 'Memory for cached pages' }),
    logDays: count(1, 3650, {
      default: 7,
      unit: 'days',
      description: 'Days of log lines that are kept besides the present one; Loki keeps them longer',
    }),
  }),
  temporal: group({
    port: port({ default: 17233, description: 'gRPC front end' }),
    uiPort: port({ default: 17280, description: 'Web UI' }),
    metricsPort: port({ default: 17234, description: 'Prometheus metrics' }),
    namespace: text('^[A-Za-z0-9._-]{1,255}$', { default: 'default', description: 'Namespace of the runs' }),
  }),
  prometheus: group({
    port: port({ default: 17090, description: 'HTTP API and UI' }),
    scrapeSeconds: count(1, 300, { default: 5, unit: 'seconds', description: 'Time between two scrapes' }),
    retentionDays: count(1, 3650, { default: 15, unit: 'days', description: 'How long samples are kept' }),
  }),
  grafana: group({
    run: running({ default: 'no', defaultIn: { dev: 'yes' }, description: 'Grafana, with its data sources' }),
    port: port({ default: 17300, description: 'Grafana' }),
  }),
  bridges: group({
    loki: group({
      port: port({ default: 17811, description: 'Health and metrics of the Loki bridge' }),
      pushes: count(2, 256, {
        default: 16,
        unit: 'pushes',
        description: 'Pushes to Loki under way at most; how many there are depends on how Loki answers',
      }),
    }),
    postgres: group({ port: port({ default: 17812, description: 'Health and metrics of the Postgres bridge' }) }),
  }),
  observer: group({
    port: port({ default: 17813, description: 'Health and metrics of the observer' }),
    requestsPerSecond: count(5, 10_000, {
      default: 100,
      unit: 'requests/s',
      description: 'What it asks of Temporal at most',
    }),
    resumeMinutes: count(1, 60 * 24 * 30, {
      default: 60,
      unit: 'minutes',
      description: 'How far it goes back for closed runs when it starts without a checkpoint',
    }),
  }),
  collector: group({
    run: choice(['yes', 'no'], {
      default: 'yes',
      defaultIn: { staging: 'no', prod: 'no' },
      description: "The log collector, which ships the components' own logs",
    }),
    port: port({ default: 17815, description: 'Health and metrics of the log collector' }),
    rotateMebibytes: count(1, 10_240, {
      default: 16,
      unit: 'MiB',
      description: 'Size at which a component log file is rotated; the Docker engine rotates its own',
    }),
    rotatedFiles: count(1, 100, { default: 3, unit: 'files', description: 'Rotated files that are kept of each log' }),
    linesPerSecond: count(1, 100_000, {
      default: 200,
      unit: 'lines/s',
      description: 'What is shipped of one log in the long run',
    }),
    shippingPathLinesPerMinute: count(1, 100_000, {
      default: 60,
      unit: 'lines/min',
      description: 'The same for the components that every shipped line passes through',
    }),
  }),
  api: group({ port: port({ default: 17800, description: 'Telemetry API' }) }),
  demo: group({
    port: port({ default: 17814, description: 'Health and metrics of the demo worker' }),
    taskQueue: text('^[^\\s]{1,255}$', { default: 'runlight-demo', description: 'Task queue of the demo worker' }),
  }),
  docker: group({
    host: text(NOTHING_OR('(unix|tcp|ssh)://[^\\s]{1,500}'), {
      default: '',
      description: 'Engine that runs the containers; left out, DOCKER_HOST, else the socket of this machine',
    }),
    publishOn: ipv4({
      default: '127.0.0.1',
      description: "IPv4 address of the engine's machine on which ports are published; 0.0.0.0 is all of them",
    }),
    baseImage: image('Node, which our own images are built on'),
    registry: text(NOTHING_OR('[a-z0-9][A-Za-z0-9._:/-]{0,255}'), {
      default: '',
      description: 'Registry, and path there, that our own images are pushed to; left out, they stay on the engine',
    }),
  }),
  images: group({
    redpanda: image('the bus'),
    kafka: image('the bus, where it is Apache Kafka'),
    console: image('Redpanda Console'),
    postgres: image('PostgreSQL'),
    loki: image('Loki'),
    temporal: image('Temporal'),
    prometheus: image('Prometheus'),
    grafana: image('Grafana'),
    bridgeLoki: builtImage('the bridge to Loki'),
    bridgePostgres: builtImage('the bridge to PostgreSQL'),
    observer: builtImage('the observer'),
    api: builtImage('the API'),
    demo: builtImage('the demo worker'),
    provision: builtImage('the provision job'),
    collector: builtImage('the log collector'),
  }),
})

type ValueOf<S> = S extends { properties: infer P } ? { [K in keyof P]: ValueOf<P[K]> } : XStatic<S>

export type Settings = ValueOf<typeof settingsSchema>
