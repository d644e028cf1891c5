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

const ORIGIN = 'https?://(\\[[0-9A-Fa-f:.]{2,45}\\]|[A-Za-z0-9._-]{1,253})(:\\d{1,5})?/?'

const IMAGE_REFERENCE = NOTHING_OR('[a-z0-9][A-Za-z0-9._:/@-]{0,511}')

const image = (what: string) =>
  text(IMAGE_REFERENCE, { default: '', description: `Image of ${what}; if not set, the pinned one` })

const builtImage = (what: string) =>
  text(IMAGE_REFERENCE, { default: '', description: `Image of ${what}; if not set, it is built from this clone` })

const topic = (name: string, description: string) =>
  text('^[A-Za-z0-9._-]{1,249}$', { default: name, description: `Topic of ${description}` })

export const settingsSchema = group({
  environment: choice(ENVIRONMENTS, {
    default: 'local',
    description: "Where the stack runs; if not set, the stack's name up to its first `-`",
  }),
  logLevel: choice(['debug', 'info', 'warn', 'error'], {
    default: 'info',
    description: "Lowest level of the services' own logs",
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
      description: 'Partitions of each topic, when it is created; existing topics are not changed',
    }),
    replication: count(1, 9, {
      default: 1,
      defaultIn: { staging: 3, prod: 3 },
      unit: 'replicas',
      description: 'Replicas of each topic, when it is created; existing topics are not changed',
    }),
    retentionHours: count(1, 24 * 365, {
      default: 72,
      unit: 'hours',
      description: 'How long the bus keeps records; a store that is away for longer loses some',
    }),
    maxMessageBytes: count(64 * 1024, 64 * 1024 * 1024, {
      default: 8 * 1024 * 1024,
      unit: 'bytes',
      description: 'Largest record batch that the bus accepts',
    }),
  }),
  bus: group({
    broker: choice(['kafka', 'redpanda'], {
      default: 'kafka',
      defaultIn: { dev: 'redpanda', staging: 'redpanda', prod: 'redpanda' },
      description: 'Apache Kafka, or Redpanda (only in containers)',
    }),
    port: port({ default: 17092, description: 'Kafka protocol' }),
    controllerPort: port({
      default: 17093,
      description: "KRaft controller of Kafka, or Redpanda's RPC; only the bus itself uses it",
    }),
    adminPort: port({ default: 17094, description: "Redpanda's admin API and metrics" }),
    memoryMiB: count(256, 65536, {
      default: 512,
      defaultIn: { dev: 1024 },
      unit: 'MiB',
      description: "Kafka's Java heap, or the memory that Redpanda reserves",
    }),
  }),
  console: group({
    run: running({
      default: 'no',
      defaultIn: { dev: 'yes' },
      description: 'Whether Redpanda Console runs, a web UI of the bus (only in containers)',
    }),
    port: port({ default: 17096, description: 'Web UI of Redpanda Console' }),
  }),
  loki: group({
    port: port({ default: 17310, description: 'HTTP API' }),
    grpcPort: port({ default: 17395, description: "gRPC between Loki's own parts" }),
    labels: choice(LABEL_MODES, {
      default: 'perRun',
      defaultIn: { staging: 'bounded', prod: 'bounded' },
      description: 'Label set: `perRun` gives a Loki stream for each run, node and output, `bounded` only a few',
    }),
    lines: choice(LINE_FORMATS, {
      default: 'json',
      description: 'What a line holds: the record as it was on the bus (`json`), or its message alone (`plain`)',
    }),
    maxLineKiB: count(1, 1024, {
      default: 256,
      unit: 'KiB',
      description: 'Longest line; a longer one is cut in Loki, and stays whole in PostgreSQL',
    }),
    retentionDays: count(1, 3650, { default: 31, unit: 'days', description: 'How long Loki keeps lines' }),
    ingestionRateMiB: count(1, 4096, {
      default: 512,
      unit: 'MiB/s',
      description: 'Push rate of one tenant, and of one stream, above which Loki answers 429',
    }),
    maxStreams: count(1000, 10_000_000, {
      default: 100_000,
      unit: 'streams',
      description: 'Active streams of one tenant, above which Loki answers 429',
    }),
  }),
  postgres: group({
    port: port({ default: 17432, description: 'PostgreSQL protocol' }),
    maxConnections: count(10, 1000, { default: 100, unit: 'connections', description: 'Most connections at a time' }),
    sharedBuffersMiB: count(16, 65536, {
      default: 256,
      unit: 'MiB',
      description: 'Shared buffers: memory for cached pages',
    }),
    logDays: count(1, 3650, {
      default: 7,
      unit: 'days',
      description: 'Days (UTC) of log lines that PostgreSQL keeps before today; Loki keeps them longer',
    }),
  }),
  temporal: group({
    port: port({ default: 17233, description: 'gRPC front end, for clients and workers' }),
    uiPort: port({ default: 17280, description: 'Web UI' }),
    metricsPort: port({ default: 17234, description: 'Prometheus metrics' }),
    namespace: text('^[A-Za-z0-9._-]{1,255}$', { default: 'default', description: 'Temporal namespace of the runs' }),
  }),
  prometheus: group({
    port: port({ default: 17090, description: 'HTTP API and UI' }),
    scrapeSeconds: count(1, 300, { default: 5, unit: 'seconds', description: 'Time between two scrapes of a target' }),
    retentionDays: count(1, 3650, { default: 15, unit: 'days', description: 'How long Prometheus keeps samples' }),
  }),
  grafana: group({
    run: running({
      default: 'no',
      defaultIn: { dev: 'yes' },
      description: 'Whether Grafana runs, with a data source for each store (only in containers)',
    }),
    port: port({ default: 17300, description: 'HTTP API and UI' }),
  }),
  bridges: group({
    loki: group({
      port: port({ default: 17811, description: 'Health and metrics of the Loki bridge' }),
      pushes: count(2, 256, {
        default: 16,
        unit: 'pushes',
        description: 'Most pushes to Loki at a time; the bridge makes fewer while Loki is slow',
      }),
    }),
    postgres: group({ port: port({ default: 17812, description: 'Health and metrics of the Postgres bridge' }) }),
  }),
  observer: group({
    port: port({ default: 17813, description: 'Health and metrics of the observer' }),
    requestsPerSecond: count(5, 10_000, {
      default: 100,
      unit: 'requests/s',
      description: 'Most requests to Temporal',
    }),
    resumeMinutes: count(1, 60 * 24 * 30, {
      default: 60,
      unit: 'minutes',
      description: 'How far back it looks for closed runs when it starts without a checkpoint',
    }),
  }),
  collector: group({
    run: choice(['yes', 'no'], {
      default: 'yes',
      defaultIn: { staging: 'no', prod: 'no' },
      description: "Whether the log collector runs, which ships the components' own logs",
    }),
    port: port({ default: 17815, description: 'Health and metrics of the log collector' }),
    rotateMebibytes: count(1, 10_240, {
      default: 16,
      unit: 'MiB',
      description:
        "Size at which a component's log file is rotated (only on `local`: the Docker engine rotates its own)",
    }),
    rotatedFiles: count(1, 100, {
      default: 3,
      unit: 'files',
      description: 'Rotated files kept of each log (only on `local`)',
    }),
    linesPerSecond: count(1, 100_000, {
      default: 200,
      unit: 'lines/s',
      description: 'Lines shipped of one log, on average',
    }),
    shippingPathLinesPerMinute: count(1, 100_000, {
      default: 60,
      unit: 'lines/min',
      description: 'The same for a component that every shipped line passes through, such as Loki',
    }),
  }),
  api: group({
    port: port({ default: 17800, description: 'Telemetry API' }),
    origins: text(NOTHING_OR(`${ORIGIN}(, ?${ORIGIN})*`), {
      default: '',
      description: "Origins, besides the API's own, whose pages may use the API in a browser, comma-separated",
    }),
  }),
  demo: group({
    port: port({ default: 17814, description: 'Health and metrics of the demo worker' }),
    taskQueue: text('^[^\\s]{1,255}$', { default: 'runlight-demo', description: 'Task queue of the demo worker' }),
  }),
  docker: group({
    host: text(NOTHING_OR('(unix|tcp|ssh)://[^\\s]{1,500}'), {
      default: '',
      description: 'Docker engine that runs the containers; if not set, DOCKER_HOST, else the socket of this machine',
    }),
    publishOn: ipv4({
      default: '127.0.0.1',
      description: "IPv4 address of the engine's machine on which ports are published; 0.0.0.0 means all",
    }),
    baseImage: image('Node, on which our own images are built'),
    registry: text(NOTHING_OR('[a-z0-9]([A-Za-z0-9._:/-]{0,254}[A-Za-z0-9])?'), {
      default: '',
      description: 'Registry, with a path, to which our own images are pushed; if not set, they stay on the engine',
    }),
  }),
  images: group({
    redpanda: image('the bus, where it is Redpanda'),
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
