// Every environment variable that a service reads: declared once, with its check, default and meaning.
// `.env.example` and docs/environment.md are checked against this list.

import { BUS_VARIABLES } from './environment-bus.ts'
import { REPORTING_VARIABLES } from './environment-reporting.ts'
import { RunlightError } from './errors.ts'
import { DEFAULT_RUN_PREFIX } from './identifiers.ts'
import { LABEL_MODES, LINE_FORMATS } from './labels.ts'
import {
  componentPages,
  hostPort,
  integer,
  list,
  logSources,
  oneOf,
  origins,
  secretFile,
  text,
  url,
  variable,
} from './variable.ts'
import type { ComponentPage, Variable } from './variable.ts'

export const VARIABLES = {
  ...BUS_VARIABLES,
  listen: variable({
    name: 'RUNLIGHT_LISTEN',
    doc: 'Where the service serves /healthz, /readyz and /metrics (the API: everything): `host:port`',
    parse: hostPort,
  }),
  lokiUrl: variable({ name: 'RUNLIGHT_LOKI_URL', doc: 'Address of Loki', parse: url('http:', 'https:') }),
  lokiLabels: variable({
    name: 'RUNLIGHT_LOKI_LABELS',
    doc: 'Label set in Loki: `perRun` (a Loki stream for each run, node and output) or `bounded` (only a few)',
    fallback: 'perRun' as (typeof LABEL_MODES)[number],
    parse: oneOf(LABEL_MODES),
  }),
  lokiLines: variable({
    name: 'RUNLIGHT_LOKI_LINES',
    doc: 'What a line in Loki holds: `json` (the record as it was on the bus) or `plain` (its message alone)',
    fallback: 'json' as (typeof LINE_FORMATS)[number],
    parse: oneOf(LINE_FORMATS),
  }),
  lokiPushes: variable({
    name: 'RUNLIGHT_LOKI_PUSHES',
    doc: 'Most pushes of one bridge to Loki at a time; it makes fewer while Loki is slow',
    fallback: 16,
    parse: integer(2, 256),
  }),
  lokiLineBytes: variable({
    name: 'RUNLIGHT_LOKI_MAX_LINE_BYTES',
    doc: 'Longest line that Loki accepts (its `max_line_size`), in bytes; the bridge cuts longer ones',
    fallback: 256 * 1024,
    parse: integer(1024, 1024 * 1024),
  }),
  lokiAgeHours: variable({
    name: 'RUNLIGHT_LOKI_MAX_AGE_HOURS',
    doc: 'Age at which Loki refuses or deletes a line (its `reject_old_samples_max_age` or `retention_period`), in hours; only for the metric `runlight_bridge_store_age_left_seconds`',
    fallback: 168,
    parse: integer(1, 24 * 3650),
  }),
  postgresUrl: variable({
    name: 'RUNLIGHT_POSTGRES_URL',
    doc: 'Address of PostgreSQL with role and database, without a password',
    parse: url('postgres:', 'postgresql:'),
  }),
  postgresDirectUrl: variable({
    name: 'RUNLIGHT_POSTGRES_DIRECT_URL',
    doc: 'Address at which the API can LISTEN, if RUNLIGHT_POSTGRES_URL is that of a connection pooler',
    fallback: null as URL | null,
    parse: url('postgres:', 'postgresql:') as (value: string) => URL | null,
  }),
  liveBufferBytes: variable({
    name: 'RUNLIGHT_LIVE_BUFFER_BYTES',
    doc: 'Memory in which the API keeps the newest lines and events of a run that is followed, in bytes; a reader that falls further behind gets a gap',
    fallback: 8 * 1024 * 1024,
    parse: integer(64 * 1024, 1024 * 1024 * 1024),
  }),
  liveStreams: variable({
    name: 'RUNLIGHT_LIVE_STREAMS',
    doc: 'Most live streams of one API process at a time',
    fallback: 2_500,
    parse: integer(1, 100_000),
  }),
  origins: variable({
    name: 'RUNLIGHT_ORIGINS',
    doc: "Origins, besides the API's own, whose pages may use the API in a browser, comma-separated, such as `https://viewer.example`; the API also answers to their host names",
    fallback: [] as readonly string[],
    parse: origins,
  }),
  postgresPassword: variable({
    name: 'RUNLIGHT_POSTGRES_PASSWORD_FILE',
    doc: 'File with the password of the role in RUNLIGHT_POSTGRES_URL',
    parse: secretFile,
  }),
  logDays: variable({
    name: 'RUNLIGHT_LOG_DAYS',
    doc: 'Days (UTC) of log lines that PostgreSQL keeps before today; Loki keeps them longer',
    fallback: 7,
    parse: integer(1, 3650),
  }),
  writerPassword: variable({
    name: 'RUNLIGHT_POSTGRES_WRITER_PASSWORD_FILE',
    doc: "File with the password that provision gives to the bridges' role",
    parse: secretFile,
  }),
  readerPassword: variable({
    name: 'RUNLIGHT_POSTGRES_READER_PASSWORD_FILE',
    doc: "File with the password that provision gives to the API's role",
    parse: secretFile,
  }),
  grafanaPassword: variable({
    name: 'RUNLIGHT_POSTGRES_GRAFANA_PASSWORD_FILE',
    doc: "File with the password that provision gives to Grafana's role",
    parse: secretFile,
  }),
  temporalAddress: variable({ name: 'RUNLIGHT_TEMPORAL_ADDRESS', doc: 'Temporal front end: `host:port`', parse: text }),
  temporalNamespace: variable({
    name: 'RUNLIGHT_TEMPORAL_NAMESPACE',
    doc: 'Temporal namespace of the runs',
    fallback: 'default',
    parse: text,
  }),
  temporalTaskQueue: variable({
    name: 'RUNLIGHT_TEMPORAL_TASK_QUEUE',
    doc: 'Task queue of the demo worker',
    fallback: 'runlight-demo',
    parse: text,
  }),
  componentPages: variable({
    name: 'RUNLIGHT_COMPONENT_PAGES',
    doc: 'Readiness pages of further components whose health the API reports, comma-separated: `name=http://host:port/readyz`',
    fallback: [] as readonly ComponentPage[],
    parse: componentPages,
  }),
  demoLockFile: variable({
    name: 'RUNLIGHT_DEMO_LOCK_FILE',
    doc: 'The package-lock.json that the demo worker audits, with the installed packages beside it',
    fallback: 'package-lock.json',
    parse: text,
  }),
  demoReportFolder: variable({
    name: 'RUNLIGHT_DEMO_REPORT_FOLDER',
    doc: 'Folder in which the demo worker writes the reports of its runs, and keeps the newest 500',
    fallback: '.runlight/reports',
    parse: text,
  }),
  observerRequests: variable({
    name: 'RUNLIGHT_OBSERVER_REQUESTS',
    doc: 'Most requests of an observer to Temporal, a second',
    fallback: 100,
    parse: integer(5, 10_000),
  }),
  observerResume: variable({
    name: 'RUNLIGHT_OBSERVER_RESUME_MINUTES',
    doc: 'How far back an observer that starts without a checkpoint looks for closed runs, in minutes',
    fallback: 60,
    parse: integer(1, 60 * 24 * 30),
  }),
  collectorLogs: variable({
    name: 'RUNLIGHT_COLLECTOR_LOGS',
    doc: 'Logs that the collector ships, comma-separated: `component=file:/path`, or `component=docker:/<engine>/containers/<tag>`',
    parse: logSources,
  }),
  collectorState: variable({
    name: 'RUNLIGHT_COLLECTOR_STATE',
    doc: 'Folder in which the collector stores how far it has shipped each log',
    parse: text,
  }),
  collectorCredentials: variable({
    name: 'RUNLIGHT_COLLECTOR_CREDENTIALS_FILE',
    doc: 'File with texts, one on each line, that are replaced wherever they occur in a log',
    fallback: '',
    parse: secretFile,
  }),
  collectorRotateMebibytes: variable({
    name: 'RUNLIGHT_COLLECTOR_ROTATE_MIB',
    doc: 'Size at which the collector rotates a log file, in MiB; 0: something else rotates it, as the engine does for containers',
    fallback: 0,
    parse: integer(0, 10_240),
  }),
  collectorRotateFiles: variable({
    name: 'RUNLIGHT_COLLECTOR_ROTATE_FILES',
    doc: 'Rotated files kept of each log',
    fallback: 3,
    parse: integer(1, 100),
  }),
  collectorLines: variable({
    name: 'RUNLIGHT_COLLECTOR_LINES_PER_SECOND',
    doc: 'Lines that the collector ships of one log, a second on average',
    fallback: 200,
    parse: integer(1, 100_000),
  }),
  collectorShippingPath: variable({
    name: 'RUNLIGHT_COLLECTOR_SHIPPING_PATH',
    doc: 'Components that every shipped line passes through, comma-separated: their debug lines are never shipped, their others at a low rate',
    fallback: ['bus', 'loki', 'postgres', 'bridge-loki', 'bridge-postgres', 'log-collector'],
    parse: list,
  }),
  collectorShippingLines: variable({
    name: 'RUNLIGHT_COLLECTOR_SHIPPING_PATH_LINES_PER_MINUTE',
    doc: 'Lines that the collector ships of one such component, a minute on average',
    fallback: 60,
    parse: integer(1, 100_000),
  }),
  runPrefix: variable({
    name: 'RUNLIGHT_RUN_PREFIX',
    doc: 'Prefix of generated run ids',
    fallback: DEFAULT_RUN_PREFIX,
    parse: text,
  }),
  sessionSeconds: variable({
    name: 'RUNLIGHT_BRIDGE_SESSION_SECONDS',
    doc: 'How long the bus waits for a heartbeat of a bridge before it gives its partitions to another one, in seconds',
    fallback: 12,
    parse: integer(1, 300),
  }),
  instance: variable({
    name: 'RUNLIGHT_INSTANCE',
    doc: 'Name of this instance among several of one service, for its log and its client ids',
    fallback: '0',
    parse: text,
  }),
  logLevel: variable({
    name: 'RUNLIGHT_LOG_LEVEL',
    doc: "Lowest level of the service's own log",
    fallback: 'info' as 'debug' | 'info' | 'warn' | 'error',
    parse: oneOf(['debug', 'info', 'warn', 'error']),
  }),
  ...REPORTING_VARIABLES,
} as const

export type VariableKey = keyof typeof VARIABLES
type ValueOf<K extends VariableKey> = ReturnType<(typeof VARIABLES)[K]['parse']>
export type Environment<K extends VariableKey> = { readonly [P in K]: ValueOf<P> }

/**
 * Reads the variables that a service needs. All faults are reported at once, each with the variable's name.
 * An empty value counts as not set.
 * @throws RunlightError RL_CONFIG_INVALID
 */
export function readEnvironment<const K extends VariableKey>(
  keys: readonly K[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Environment<K> {
  const values: Partial<Record<VariableKey, unknown>> = {}
  const faults: string[] = []
  for (const key of keys) {
    const { name, aliases = [], fallback, parse, doc }: Variable<unknown> = VARIABLES[key]
    const setAs = [name, ...aliases].find((candidate) => env[candidate])
    if (setAs === undefined) {
      if (fallback === undefined) faults.push(`${name} is not set (${doc})`)
      else values[key] = fallback
      continue
    }
    try {
      values[key] = parse(env[setAs] as string)
    } catch (cause) {
      faults.push(`${setAs} ${(cause as Error).message}`)
    }
  }
  if (faults.length > 0) throw new RunlightError('RL_CONFIG_INVALID', faults.join('; '))
  return values as Environment<K>
}
