// The observer and a worker as processes of their own, on a test's components.

import { fileURLToPath } from 'node:url'
import { freePorts, startProcess, temporaryFolder, untilReady } from '../../../../regression/fixtures/server-process.ts'
import type { ServerProcess } from '../../../../regression/fixtures/server-process.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestTemporal } from '../../../../regression/fixtures/temporal.ts'

export interface TestObserver {
  pid: number
  /** Answer of an endpoint, such as `/readyz`. */
  get: (path: string) => Promise<{ status: number; text: string }>
  /** Value of a metric, summed over the series whose labels contain the text. */
  metric: (name: string, labels?: string) => Promise<number>
  /** SIGTERM, then the end of the process. */
  stop: () => Promise<void>
  kill: () => Promise<void>
}

export const EVENTS = 'telemetry.events'

/** Resolves when /readyz says that bus and Temporal answer. */
export async function startObserver(
  { kafka, temporal }: { kafka: TestKafka; temporal: TestTemporal },
  env: Readonly<Record<string, string>> = {},
): Promise<TestObserver> {
  const folder = await temporaryFolder('observer')
  const [port] = (await freePorts(1)) as [number]
  const server = await startScript('../main.ts', folder, {
    RUNLIGHT_TEMPORAL_ADDRESS: temporal.address,
    RUNLIGHT_TEMPORAL_NAMESPACE: temporal.namespace,
    LOG_KAFKA_BROKERS: kafka.brokers.join(','),
    EVENT_KAFKA_TOPIC: EVENTS,
    RUNLIGHT_LISTEN: `127.0.0.1:${port}`,
    ...env,
  })
  const get = async (path: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: response.status, text: await response.text() }
  }
  const metric = async (name: string, labels = ''): Promise<number> => {
    const { text } = await get('/metrics')
    const series = text.split('\n').filter((line) => line.startsWith(name) && line.includes(labels))
    return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    server.signal(signal)
    await server.exited
    await folder.remove()
  }
  try {
    await untilReady(server, folder, async () => {
      const { status, text } = await get('/readyz')
      if (status !== 200) throw new Error(text)
    })
  } catch (error) {
    await end('SIGKILL')
    throw error
  }
  return { pid: server.pid, get, metric, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

/** A worker on a task queue; it takes tasks as soon as it is up. */
export async function startWorker(temporal: TestTemporal, taskQueue: string): Promise<{ kill: () => Promise<void> }> {
  const folder = await temporaryFolder('worker')
  const server = await startScript('./worker.fixture.ts', folder, {
    WORKER_TEMPORAL: temporal.address,
    WORKER_TASK_QUEUE: taskQueue,
  })
  return {
    kill: async () => {
      await server.kill()
      await folder.remove()
    },
  }
}

function startScript(
  script: string,
  folder: Awaited<ReturnType<typeof temporaryFolder>>,
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  return startProcess({ file: process.execPath, args: ['--import', 'tsx', path], folder, env })
}
