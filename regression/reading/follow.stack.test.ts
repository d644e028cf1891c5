// Runs followed live, from the worker's line over the bus, the bridges and the stores to readers over HTTP: everything
// once, and the end told when it is known.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { StoredLog } from '@runlight/contracts/api'
import type { StreamDone } from '@runlight/contracts/api-stream'
import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { ROLES } from '@runlight/contracts/tables'
import { KafkaTraceAdapter } from '@runlight/sdk/kafka-trace-adapter'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readEvents } from '../../packages/api/src/test/event-stream.fixture.ts'
import type { EventReader } from '../../packages/api/src/test/event-stream.fixture.ts'
import { BRIDGE_MEMORY } from '../../stacks/components/bridges.ts'
import { startDeliveryStack } from '../delivery/delivery-stack.ts'
import type { DeliveryStack } from '../delivery/delivery-stack.ts'
import type { BridgeProcess } from '../delivery/bridge-process.ts'
import { startApiProcess } from './api-process.ts'
import type { ApiProcess } from './api-process.ts'
import { NODE, logAtPace } from './paced-worker.ts'

let stack: DeliveryStack
let loki: BridgeProcess
let api: ApiProcess
let events: KafkaTraceAdapter

beforeAll(async () => {
  stack = await startDeliveryStack({ memory: BRIDGE_MEMORY })
  ;[loki] = await Promise.all([stack.startBridge('loki'), stack.startBridge('postgres')])
  events = new KafkaTraceAdapter({ brokers: stack.kafka.brokers, closeOnExit: false })
  api = await startApiProcess({
    postgresUrl: stack.postgres.url(ROLES.reader),
    brokers: stack.kafka.brokers,
    lokiUrl: stack.loki.url,
  })
})

afterAll(async () => {
  await api?.stop()
  await events?.close(10_000)
  await stack?.stop()
})

const common = { execution: 1, attempt: 1, level: 'info' } as const

function begin(runId: string): void {
  const data = { graph: { nodes: [{ ref: NODE, after: [] }] } }
  events.record({ ...common, runId, type: 'RUN_STARTED', message: 'The run has started.', data })
}

/** As the observer tells it; `secondsAgo` may lie ahead, so that the time for what is missing cannot run out meanwhile. */
function end(runId: string, nodeRef: string, secondsAgo = 0): void {
  const timestamp = new Date(Date.now() - secondsAgo * 1_000).toISOString()
  const data = { attempts: [{ nodeRef, attempt: 1 }] }
  events.record({ ...common, runId, timestamp, type: 'RUN_COMPLETED', message: 'The run has completed.', data })
}

const streamOf = (runId: string) => new URL(`/workflows/runs/${runId}/stream`, api.url)

async function follow(runId: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
  let reader: EventReader | undefined
  // The run is known when its first event is stored.
  await expect
    .poll(
      async () => {
        reader = await readEvents(streamOf(runId), headers)
        if (reader.response.statusCode !== 200) reader.cut()
        return reader.response.statusCode
      },
      { timeout: 60_000 },
    )
    .toBe(200)
  return reader as EventReader
}

const messageOf = (data: string): string => (JSON.parse(data) as StoredLog).message
const linesOf = ({ events: all }: EventReader): string[] =>
  all.filter(({ event }) => event === 'log').map(({ data }) => messageOf(data))
const doneOf = ({ events: all }: EventReader): StreamDone | undefined => {
  const done = all.find(({ event }) => event === 'done')
  return done && (JSON.parse(done.data) as StreamDone)
}
const statusOf = ({ events: all }: EventReader): ExecutionStatus | undefined => {
  const last = all.filter(({ event }) => event === 'status').at(-1)
  return last && (JSON.parse(last.data) as ExecutionStatus)
}
const numbers = (count: number): string[] => Array.from({ length: count }, (_, number) => String(number))
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 90_000, interval: 50 })

/** `curl -N`, as a person runs it. */
async function curl(address: URL): Promise<string> {
  const child = spawn('curl', ['-sS', '-N', address.href], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  expect(await once(child, 'close')).toEqual([0, null])
  return text
}

const LINES = 100_000
const LINES_PER_SECOND = 5_000
const CUTS = 100

test('a reader that is cut off 100 times while 5,000 lines a second flow gets every line once', async () => {
  const runId = 'run-flow'
  begin(runId)
  const whole = await follow(runId)
  const curled = curl(streamOf(runId))
  const working = logAtPace({ brokers: stack.kafka.brokers, runId, lines: LINES, linesPerSecond: LINES_PER_SECOND })
  void working.then(() => end(runId, NODE, -60))
  const seen: string[] = []
  let [cuts, id, done] = [0, undefined as string | undefined, false]
  while (!done) {
    const reader = await follow(runId, id === undefined ? {} : { 'last-event-id': id })
    // Now right after the first lines, now after half a second's; what was sent beyond is lost with the connection.
    let left = cuts < CUTS ? 1 + ((cuts * 97) % 1_900) : Infinity
    reader.onEvent = ({ event, id: next, data }) => {
      if (left <= 0) return
      expect(['status', 'trace', 'log', 'done']).toContain(event)
      if (next !== undefined) id = next
      if (event === 'done') done = true
      if (event !== 'log') return
      seen.push(messageOf(data))
      if (--left === 0) {
        cuts++
        reader.cut()
      }
    }
    await reader.ended
  }
  await working
  expect(cuts).toBe(CUTS)
  // One worker's lines lie in one partition, so they come in its order.
  expect(seen).toEqual(numbers(LINES))
  await whole.ended
  expect(linesOf(whole)).toEqual(numbers(LINES))
  expect(doneOf(whole)).toMatchObject({ verdict: 'complete', status: { status: 'COMPLETED' } })
  const text = await curled
  expect([...text.matchAll(/^event: log\ndata: (.*)$/gm)].map(([, data]) => messageOf(data as string))).toEqual(
    numbers(LINES),
  )
  expect(text).toMatch(/event: done\ndata: \{"verdict":"complete".*\}\n\n$/)
})

test('the end is told when Loki has everything too', async () => {
  const runId = 'run-behind'
  begin(runId)
  const reader = await follow(runId)
  loki.freeze()
  await logAtPace({ brokers: stack.kafka.brokers, runId, lines: 10, linesPerSecond: 1_000 })
  end(runId, NODE, -120)
  await eventually(() => statusOf(reader)?.telemetry).toMatchObject({
    postgres: { state: 'complete' },
    loki: { state: 'arriving' },
  })
  expect(statusOf(reader)?.status).toBe('COMPLETED')
  expect(doneOf(reader)).toBeUndefined()
  loki.thaw()
  await reader.ended
  expect(doneOf(reader)).toMatchObject({ verdict: 'complete', status: { telemetry: { loki: { state: 'complete' } } } })
  expect(linesOf(reader)).toEqual(numbers(10))
})

/** A worker that says its lines and then lives on. */
function startWorker(lines: number): ChildProcess {
  const program = fileURLToPath(new URL('../../packages/sdk/src/process-end.fixture.ts', import.meta.url))
  const settings = JSON.stringify({ brokers: stack.kafka.brokers, lines, end: 'waits' })
  return spawn(process.execPath, ['--import', 'tsx', program, settings], { stdio: ['ignore', 'pipe', 'inherit'] })
}

test('of a worker that was killed the end is told when its time is over, with how much of it is known', async () => {
  const [runId, nodeRef] = ['run-1', 'n']
  begin(runId)
  const reader = await follow(runId)
  const worker = startWorker(50)
  await once(createInterface({ input: worker.stdout as NodeJS.ReadableStream }), 'line')
  await eventually(() => linesOf(reader).length).toBe(50)
  worker.kill('SIGKILL')
  // Most of the time in which it could still have closed is over.
  end(runId, nodeRef, 10)
  await reader.ended
  const unclosed = [{ execution: 1, nodeRef, attempt: 1, knownUpTo: 50 }]
  expect(doneOf(reader)).toMatchObject({
    verdict: 'grace',
    status: { telemetry: { postgres: { state: 'unknown', unclosed }, loki: { state: 'unknown', unclosed } } },
  })
})

test('while Loki is away lines go on, and the end is told when its time is over', async () => {
  const runId = 'run-lokiless'
  begin(runId)
  const reader = await follow(runId)
  await stack.loki.kill()
  await logAtPace({ brokers: stack.kafka.brokers, runId, lines: 1_000, linesPerSecond: 5_000 })
  await eventually(() => linesOf(reader).length).toBe(1_000)
  const degraded = async () => {
    const { degraded: found = [] } = (await (
      await fetch(new URL(`/workflows/runs/${runId}/status`, api.url))
    ).json()) as ExecutionStatus
    return found.map(({ component }) => component)
  }
  // What was heard of Loki last is believed for some seconds.
  await eventually(degraded).toContain('loki')
  end(runId, NODE, 20)
  await reader.ended
  expect(linesOf(reader)).toEqual(numbers(1_000))
  const done = doneOf(reader)
  expect(done).toMatchObject({
    verdict: 'grace',
    status: { telemetry: { postgres: { state: 'complete' }, loki: { state: 'arriving' } } },
  })
  expect(done?.status.degraded?.map(({ component }) => component)).toContain('loki')
})
