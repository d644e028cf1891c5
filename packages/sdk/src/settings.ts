// Settings of the way to the bus.

import type { ConnectionOptions } from 'node:tls'
import { RunlightError } from '@runlight/contracts/errors'
import type { LogLevel } from '@runlight/contracts/log-entry'
import kafkajs from 'kafkajs'
import type { CompressionTypes as Compression, SASLOptions } from 'kafkajs'
import type { DropReason } from './drop-reasons.ts'
import { ignore } from './harmless.ts'
import type { OutputSettings } from './output/settings.ts'
import { DEFAULT_RATE } from './rate-limit.ts'
import type { RateLimits } from './rate-limit.ts'
import type { RedactionSettings } from './redaction/redactor.ts'

// Node finds no named export CompressionCodecs in this CommonJS package.
const { CompressionCodecs, CompressionTypes } = kafkajs

const CODECS = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const
export type Codec = keyof typeof CODECS

/** Something that a person should know about the way to the bus; never the content of a record. */
export interface Diagnostic {
  level: 'info' | 'warn' | 'error'
  message: string
  cause?: unknown
}

/** Adapters of one process whose settings are equal share one queue and one connection. */
export interface BusSettings {
  /** `host:port` of at least one broker. */
  brokers: readonly string[]
  /** Name of this process in the broker's logs. Default `runlight-sdk`. */
  clientId?: string
  /** Bound of the queue of all adapters that share the connection, in bytes. Default 16 MiB. */
  queueBytes?: number
  /** A batch is sent when it has so many bytes … Default 512 KiB. */
  batchBytes?: number
  /** … or when its oldest record is so old, in milliseconds. Default 50. */
  batchAgeMs?: number
  /**
   * Largest record, in bytes; above it a record is dropped as `too_large`. Default: a little below the 8 MiB that the
   * kit's topics take. A smaller limit of the topic is honoured too: the broker names it by refusing.
   */
  maxRecordBytes?: number
  /**
   * Compression of batches. gzip (the default) and none are built in; the others need their codec registered in
   * kafkajs's CompressionCodecs by the application.
   */
  compression?: Codec
  /** Longest wait before a failed send is repeated, in milliseconds. Default 5,000. */
  maxBackoffMs?: number
  /** How long the broker may take to answer before the connection is given up, in milliseconds. Default 30,000. */
  requestTimeoutMs?: number
  /** How long `beforeExit` may keep the process for what is still queued, in milliseconds. Default 5,000; 0: not at all. */
  exitTimeoutMs?: number
  ssl?: ConnectionOptions | boolean
  sasl?: SASLOptions
  /** Told when the bus can't be reached, when it is back, and when records are dropped. Default: a process warning. */
  onDiagnostic?: (diagnostic: Diagnostic) => void
  /** Told of every record that is dropped, for a counter. */
  onDrop?: (topic: string, reason: DropReason) => void
  /**
   * What is redacted before anything leaves the process, in messages, metadata, errors, progress and summaries. Default:
   * well-known secrets; false: nothing.
   */
  redact?: RedactionSettings | false
  /** Told how many values a rule of redaction has replaced, for a counter. */
  onRedact?: (topic: string, rule: string, count: number) => void
  /** How many lines a run or a component may send; progress of a run has the same limit again. */
  limits?: RateLimits | false
  /** Told of every record that a rate limit leaves out, for a counter. */
  onLimit?: (topic: string, level: LogLevel) => void
  /** Custom streams besides `terminal` and `agent`. */
  streams?: readonly string[]
  /** How output becomes lines: of child processes, containers, and what else is written to a stream. */
  output?: OutputSettings
  /**
   * Whether open contexts and what is queued are closed and sent when SIGTERM comes and nobody else listens to it, and
   * when the process has nothing left to do; `exitTimeoutMs` bounds both. Default true.
   */
  closeOnExit?: boolean
}

/** Settings with every value decided. */
export type FullBusSettings = Required<Omit<BusSettings, 'ssl' | 'sasl' | 'compression' | 'limits'>> &
  Pick<BusSettings, 'ssl' | 'sasl'> & { compression: Compression; limits: Required<RateLimits> }

/** kafkajs copies a batch once for each of its records: past some thousand this costs more than another request. */
export const MAX_BATCH_RECORDS = 2_000

/** How often what a rate limit left out is told. */
const LIMIT_WINDOW_MS = 10_000

/** Room in a record batch for what is not key or value. */
const BATCH_OVERHEAD = 1024

/**
 * Decides every value.
 * @throws RunlightError RL_CONFIG_INVALID: no brokers, a number that is not positive, a codec that is not registered
 */
export function completeSettings(settings: BusSettings): FullBusSettings {
  const { brokers, ssl, sasl } = settings
  if (brokers.length === 0) throw invalid('brokers must name at least one broker as host:port')
  const full: FullBusSettings = {
    brokers: [...brokers],
    clientId: settings.clientId ?? 'runlight-sdk',
    queueBytes: positive('queueBytes', settings.queueBytes ?? 16 * 1024 * 1024),
    batchBytes: positive('batchBytes', settings.batchBytes ?? 512 * 1024),
    batchAgeMs: settings.batchAgeMs ?? 50,
    maxRecordBytes: positive('maxRecordBytes', settings.maxRecordBytes ?? 8 * 1024 * 1024 - BATCH_OVERHEAD),
    compression: codec(settings.compression ?? 'gzip'),
    maxBackoffMs: positive('maxBackoffMs', settings.maxBackoffMs ?? 5_000),
    requestTimeoutMs: positive('requestTimeoutMs', settings.requestTimeoutMs ?? 30_000),
    exitTimeoutMs: settings.exitTimeoutMs ?? 5_000,
    onDiagnostic: settings.onDiagnostic ?? warnProcess,
    onDrop: settings.onDrop ?? ignore,
    redact: settings.redact ?? {},
    onRedact: settings.onRedact ?? ignore,
    limits: completeLimits(settings.limits ?? {}),
    onLimit: settings.onLimit ?? ignore,
    streams: settings.streams ?? [],
    output: settings.output ?? {},
    closeOnExit: settings.closeOnExit ?? true,
  }
  if (ssl !== undefined) full.ssl = ssl
  if (sasl !== undefined) full.sasl = sasl
  return full
}

/** Whether two settings may share a connection: equal values, the same objects and functions. */
export function sameSettings(a: FullBusSettings, b: FullBusSettings): boolean {
  const { brokers: brokersA, ...restA } = a
  const { brokers: brokersB, ...restB } = b
  const keys = new Set([...Object.keys(restA), ...Object.keys(restB)]) as Set<keyof typeof restA>
  return (
    brokersA.toSorted().join() === brokersB.toSorted().join() &&
    [...keys].every((key) =>
      PLAIN.has(key) ? JSON.stringify(restA[key]) === JSON.stringify(restB[key]) : restA[key] === restB[key],
    )
  )
}

/** Settings made of plain values, which are equal when they read the same. */
const PLAIN = new Set<keyof FullBusSettings>(['redact', 'limits', 'streams', 'output'])

function completeLimits(limits: RateLimits | false): Required<RateLimits> {
  if (limits === false) return { run: false, component: false, windowMs: LIMIT_WINDOW_MS }
  const { run = DEFAULT_RATE, component = DEFAULT_RATE, windowMs = LIMIT_WINDOW_MS } = limits
  for (const limit of [run, component]) {
    if (!limit) continue
    positive('linesPerSecond', limit.linesPerSecond)
    if (limit.burst !== undefined) positive('burst', limit.burst)
  }
  return { run, component, windowMs: positive('windowMs', windowMs) }
}

function codec(name: Codec): Compression {
  const type = CODECS[name]
  try {
    if (type !== CompressionTypes.None) CompressionCodecs[type]()
  } catch (cause) {
    throw invalid(`compression ${name} needs its codec registered in kafkajs's CompressionCodecs first`, cause)
  }
  return type
}

function positive(name: string, value: number): number {
  if (!(value > 0)) throw invalid(`${name} must be above 0`)
  return value
}

function invalid(message: string, cause?: unknown): RunlightError {
  return new RunlightError('RL_CONFIG_INVALID', message, { cause })
}

function warnProcess({ level, message }: Diagnostic): void {
  if (level !== 'info') process.emitWarning(message, 'RunlightWarning')
}
