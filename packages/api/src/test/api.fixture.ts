// The API of a test, on a free port.

import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { Problem } from '@runlight/contracts/api'
import { ROLES } from '@runlight/contracts/tables'
import { TOPICS } from '@runlight/contracts/topics'
import { createLog } from '@runlight/service/log'
import { freePorts } from '../../../../regression/fixtures/server-process.ts'
import type { TestPostgres } from '../../../../regression/fixtures/postgres.ts'
import { startApi } from '../api.ts'
import type { ApiSettings } from '../api.ts'

export interface TestApi {
  url: string
  /** The body of a 200. @throws Error with the answer when it is another */
  get: <T>(
    path: string,
    query?: Readonly<Record<string, string | number | readonly string[] | undefined>>,
  ) => Promise<T>
  /** The refusal, with its HTTP status. @throws Error when it is none */
  refused: (path: string) => Promise<{ status: number; problem: Problem }>
  /** How many are open. */
  connections: () => Promise<number>
  stop: () => Promise<void>
}

/** Starts the API on a real Postgres. What is not given stands at an address where nobody answers. */
export async function startTestApi(
  postgres: TestPostgres,
  given: Partial<
    Pick<
      ApiSettings,
      | 'lokiUrl'
      | 'lokiLabels'
      | 'temporal'
      | 'start'
      | 'componentPages'
      | 'brokers'
      | 'live'
      | 'postgresDirectUrl'
      | 'stalledMs'
      | 'origins'
    >
  > & {
    postgres?: object
  } = {},
): Promise<TestApi> {
  const [nobody] = await freePorts(1)
  const api = await startApi({
    listen: { host: '127.0.0.1', port: 0 },
    lokiUrl: given.lokiUrl ?? new URL(`http://127.0.0.1:${nobody}`),
    lokiLabels: given.lokiLabels ?? 'perRun',
    temporal: given.temporal ?? { address: `127.0.0.1:${nobody}`, namespace: 'default' },
    start: given.start ?? { taskQueue: 'nobody', runPrefix: 'run-' },
    ...(given.componentPages && { componentPages: given.componentPages }),
    brokers: given.brokers ?? [`127.0.0.1:${nobody}`],
    topics: { logs: TOPICS.logs, events: TOPICS.events },
    deadLetterTopic: TOPICS.deadLetters,
    ...(given.live && { live: given.live }),
    ...(given.origins && { origins: given.origins }),
    ...(given.stalledMs !== undefined && { stalledMs: given.stalledMs }),
    ...(given.postgresDirectUrl && { postgresDirectUrl: given.postgresDirectUrl }),
    // No test is about how fast the machine is: those about the limit set their own.
    postgres: { url: postgres.url(ROLES.reader), password: 'reader', statementTimeoutMs: 30_000, ...given.postgres },
    instance: 'test',
    log: createLog({ component: 'api', instance: 'test', level: 'error' }),
  })
  const { port } = api.server.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    get: async <T>(
      path: string,
      query: Readonly<Record<string, string | number | readonly string[] | undefined>> = {},
    ) => {
      const address = new URL(path, url)
      for (const [name, value] of Object.entries(query)) {
        for (const one of typeof value === 'object' ? value : [value]) {
          if (one !== undefined) address.searchParams.append(name, String(one))
        }
      }
      const response = await fetch(address)
      const text = await response.text()
      if (response.status !== 200) throw new Error(`${address.pathname} answered ${response.status}: ${text}`)
      return JSON.parse(text) as T
    },
    refused: async (path) => {
      const response = await fetch(new URL(path, url))
      const text = await response.text()
      if (response.ok || response.headers.get('content-type') !== 'application/problem+json; charset=utf-8') {
        throw new Error(`${path} answered ${response.status} ${response.headers.get('content-type')}: ${text}`)
      }
      return { status: response.status, problem: JSON.parse(text) as Problem }
    },
    connections: () => promisify(api.server.server.getConnections.bind(api.server.server))(),
    stop: api.stop,
  }
}
