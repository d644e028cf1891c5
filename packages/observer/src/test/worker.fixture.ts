// A Temporal worker as a process of its own, so that a test can kill it. Its task queue comes from the environment.

import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { fileURLToPath } from 'node:url'
import * as activities from './activities.fixture.ts'

const { WORKER_TEMPORAL: address = '', WORKER_TASK_QUEUE: taskQueue = '' } = process.env
Runtime.install({ logger: new DefaultLogger('WARN') })
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowsPath: fileURLToPath(new URL('./workflows.fixture.ts', import.meta.url)),
  activities,
  maxConcurrentActivityTaskExecutions: 1000,
})
await worker.run()
