// What an error of the server means for a delivery
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).

import postgres from 'postgres'
import { DeliveryError } from '@runlight/bridge-core/sink'
import type { FailureReason } from '@runlight/bridge-core/sink'

/**
 * Does the server refuse the data, so that no repeat can help? Class 22 is a value it can't take, 23 a constraint,
 * 54 a limit of the server such as the depth of JSON.
 */
export function refusesData(cause: unknown): cause is postgres.PostgresError {
  return cause instanceof postgres.PostgresError && /^(?:22|23|54)/.test(cause.code) && !lacksPartition(cause)
}

/** Is there no partition for a row's day? The server tells it only as a check violation without a constraint's name. */
export function lacksPartition(cause: unknown): boolean {
  return cause instanceof postgres.PostgresError && cause.code === '23514' && !cause.constraint_name
}

/** The server's own words on one line. */
export function serverWords(error: postgres.PostgresError): string {
  const { code, message, detail, where } = error
  return [`${code}: ${message}`, detail, where].filter(Boolean).join('; ').replaceAll('\n', ' ').slice(0, 2_000)
}

/** A failure that is not the data's fault, as the core counts and repeats it. */
export function deliveryError(cause: unknown): DeliveryError {
  if (cause instanceof DeliveryError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  return new DeliveryError(reasonOf(cause), `Postgres: ${message}`, { cause })
}

function reasonOf(cause: unknown): FailureReason {
  const code = (cause as { code?: unknown }).code
  if (typeof code !== 'string') return 'other'
  if (code === 'CONNECT_TIMEOUT' || code === '57014' || code === 'ETIMEDOUT') return 'timeout'
  if (!(cause instanceof postgres.PostgresError)) return 'unreachable'
  if (/^(?:08|57)/.test(code)) return 'unreachable'
  if (/^(?:40|55)/.test(code)) return 'conflict'
  if (/^(?:28|42501|3D)/.test(code)) return 'not_authorised'
  if (/^(?:53|58|XX)/.test(code)) return 'server_error'
  return 'other'
}
