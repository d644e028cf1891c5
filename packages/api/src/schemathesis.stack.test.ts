// The API as Schemathesis sees it: no mistake of the server, no answer that the OpenAPI document does not name.

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TOPICS } from '@runlight/contracts/topics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { startLoki } from '../../../regression/fixtures/loki.ts'
import type { TestLoki } from '../../../regression/fixtures/loki.ts'
import { pythonProgram } from '../../../regression/fixtures/python.ts'
import { startTemporal } from '../../../regression/fixtures/temporal.ts'
import type { TestTemporal } from '../../../regression/fixtures/temporal.ts'
import { startTestApi } from './test/api.fixture.ts'
import type { TestApi } from './test/api.fixture.ts'
import { logEntry, traceEvent } from './test/records.fixture.ts'
import { startTraceStore } from './test/trace-store.fixture.ts'
import type { TraceStore } from './test/trace-store.fixture.ts'

const SEED = 20_261_121
const EXAMPLES = 5
/** It takes well below a minute; this is for a machine that does much else. */
const LIMIT_MS = 300_000
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
]

const { python, missing } = await pythonProgram('schemathesis')

let store: TraceStore
let loki: TestLoki
let temporal: TestTemporal
let kafka: TestKafka
let api: TestApi
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runlight-schemathesis-'))
  ;[store, loki, temporal, kafka] = await Promise.all([startTraceStore(), startLoki(), startTemporal(), startKafka()])
  await kafka.createTopics([TOPICS.logs, TOPICS.events, TOPICS.deadLetters].map((topic) => ({ topic })))
  api = await startTestApi(store.postgres, { lokiUrl: loki.url, temporal, brokers: kafka.brokers })
  await store.storeEvents([traceEvent({ runId: 'run-1', type: 'RUN_STARTED' })])
  await store.storeLogs([logEntry({ runId: 'run-1' })])
})

afterAll(async () => {
  await api?.stop()
  await Promise.all([store, loki, temporal, kafka].map((one) => one?.stop()))
  if (folder) await rm(folder, { recursive: true, force: true })
})

const OPTIONS = [
  // One worker: some versions of Python can't parse their own code in two threads at once, which ends one of them.
  ...['--seed', String(SEED), '--max-examples', String(EXAMPLES), '--phases', 'coverage,fuzzing', '--workers', '1'],
  // A stream has no end that could be waited for.
  ...['--checks', CHECKS.join(), '--exclude-path-regex', '/(stream|sse)$', '--generation-database', 'none'],
  ...['--request-timeout', '20', '--continue-on-failure', '--no-shrink', '--no-color'],
]

test.skipIf(missing)(
  `${EXAMPLES} examples of each operation${missing}`,
  async () => {
    const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
      execFile(
        python,
        ['-m', 'schemathesis.cli', 'run', `${api.url}/openapi.json`, ...OPTIONS],
        { cwd: folder, maxBuffer: 64 * 1024 * 1024, timeout: LIMIT_MS },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
      )
    })
    expect(code, output).toBe(0)
  },
  LIMIT_MS + 10_000,
)
