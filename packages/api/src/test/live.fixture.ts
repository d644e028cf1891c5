// A live stream of a test: the API on a trace store, its readers, and runs with numbered lines.

import type { StoredLog } from '@runlight/contracts/api'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { ROLES } from '@runlight/contracts/tables'
import { expect } from 'vitest'
import { startProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import type { TcpProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import { startTestApi } from './api.fixture.ts'
import type { TestApi } from './api.fixture.ts'
import { readEvents } from './event-stream.fixture.ts'
import type { EventReader, ReceivedEvent } from './event-stream.fixture.ts'
import { logEntry, traceEvent } from './records.fixture.ts'
import { startTraceStore } from './trace-store.fixture.ts'
import type { TraceStore } from './trace-store.fixture.ts'

type Query = Readonly<Record<string, string | number>>

export interface LiveFixture {
  store: TraceStore
  api: TestApi
  /** The wire over which announcements are heard; it may be replaced. */
  direct: TcpProxy
  address: (path: string, query?: Query) => URL
  follow: (runId: string, query?: Query, headers?: Readonly<Record<string, string>>) => Promise<EventReader>
  startRun: (runId: string) => Promise<void>
  /** No attempt is named that would have to close: everything is there at once. */
  endRun: (runId: string) => Promise<void>
  stop: () => Promise<void>
}

/** A small buffer and a short heartbeat, so that a test need not wait for either. */
export async function startLive(): Promise<LiveFixture> {
  const store = await startTraceStore()
  const direct = await startProxy(store.postgres.port)
  const url = store.postgres.url(ROLES.reader)
  const api = await startTestApi(store.postgres, {
    postgresDirectUrl: new URL(`postgres://${url.username}@127.0.0.1:${direct.port}${url.pathname}`),
    live: { bufferBytes: 1024 * 1024, heartbeatMs: 200 },
  })
  const address = (path: string, query: Query = {}) => {
    const whole = new URL(path, api.url)
    for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, String(value))
    return whole
  }
  const live: LiveFixture = {
    ...{ store, api, direct, address },
    follow: (runId, query, headers) =>
      readEvents(address(`/workflows/runs/${encodeURIComponent(runId)}/stream`, query), headers),
    startRun: (runId) => store.storeEvents([traceEvent({ runId, type: 'RUN_STARTED' })]),
    endRun: (runId) => store.storeEvents([traceEvent({ runId, type: 'RUN_COMPLETED', data: { attempts: [] } })]),
    stop: async () => {
      await api.stop()
      await live.direct.close()
      await store.stop()
    },
  }
  return live
}

export const linesOf = (events: readonly ReceivedEvent[]): string[] =>
  events.filter(({ event }) => event === 'log').map(({ data }) => (JSON.parse(data) as StoredLog).message)

export const lineCount = ({ events }: EventReader): number => events.filter(({ event }) => event === 'log').length

/** Lines whose messages are consecutive numbers. */
export const numbered = (runId: string, from: number, count: number, fields: Partial<LogEntry> = {}): LogEntry[] =>
  Array.from({ length: count }, (_, index) => logEntry({ runId, message: String(from + index), ...fields }))

export const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => String(from + index))

/** Waits for a condition, however busy the machine is. */
export const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 60_000, interval: 20 })
