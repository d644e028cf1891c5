// Readiness is the component's own answer: the real one says yes, and an open port alone is not enough.

import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import { startPostgres, SUPERUSER } from '../../../regression/fixtures/postgres.ts'
import { startTemporal } from '../../../regression/fixtures/temporal.ts'
import type { Health } from '../inputs.ts'
import { askKafka } from './kafka.ts'
import { askPostgres } from './postgres.ts'
import { askTemporal } from './temporal.ts'

const TIMEOUT_MS = 10_000
const SHORT_MS = 500

/** Takes every connection and never says anything. */
let mute: Server
let mutePort: number

beforeAll(async () => {
  mute = createServer().listen(0, '127.0.0.1')
  await once(mute, 'listening')
  mutePort = (mute.address() as AddressInfo).port
})

afterAll(() => {
  mute.close()
})

const postgresAt = (port: number): Extract<Health, { kind: 'postgres' }> => ({
  ...{ kind: 'postgres', host: '127.0.0.1', port, user: SUPERUSER, database: 'runlight', passwordSecret: 'owner' },
})

describe('an open port alone', () => {
  it('is no Kafka broker', async () => {
    await expect(askKafka(`127.0.0.1:${mutePort}`, SHORT_MS)).rejects.toThrow()
  })

  it('is no PostgreSQL', async () => {
    await expect(askPostgres(postgresAt(mutePort), SUPERUSER, SHORT_MS)).rejects.toThrow()
  })

  it('is no Temporal', async () => {
    await expect(askTemporal(`127.0.0.1:${mutePort}`, 'default', SHORT_MS)).rejects.toThrow(/DEADLINE_EXCEEDED/)
  })
})

it('a Kafka broker is ready when it answers for its cluster', async () => {
  const kafka = await startKafka()
  try {
    await askKafka(`127.0.0.1:${kafka.port}`, TIMEOUT_MS)
    await kafka.kill()
    await expect(askKafka(`127.0.0.1:${kafka.port}`, SHORT_MS)).rejects.toThrow()
  } finally {
    await kafka.stop()
  }
})

it('PostgreSQL is ready when the role logs in and a query runs', async () => {
  const postgres = await startPostgres({ auth: 'scram-sha-256' })
  try {
    await askPostgres(postgresAt(postgres.port), SUPERUSER, TIMEOUT_MS)
    await expect(askPostgres(postgresAt(postgres.port), 'wrong', TIMEOUT_MS)).rejects.toThrow(
      /password authentication failed/,
    )
  } finally {
    await postgres.stop()
  }
})

it('Temporal is ready when it knows the namespace', async () => {
  const temporal = await startTemporal()
  try {
    await askTemporal(temporal.address, temporal.namespace, TIMEOUT_MS)
    await expect(askTemporal(temporal.address, 'x'.repeat(200), TIMEOUT_MS)).rejects.toThrow(/NOT_FOUND/)
  } finally {
    await temporal.stop()
  }
})
