import { setTimeout as delay } from 'node:timers/promises'
import { isAlive, processesOf, readRecord, removeRecord } from './record.ts'

const POLL_MS = 50
/** How long children may take to follow their leader before they are killed. */
const CHILDREN_MS = 2_000

/**
 * Stops the processes of a component: asks the leader with `signal`, then asks what is left with SIGTERM, and kills
 * after `graceSeconds`. Only the leader is asked first: PostgreSQL's children act on the same signals in another
 * sense, and stopping them is its own task.
 */
export async function stop(folder: string, signal: NodeJS.Signals, graceSeconds: number): Promise<void> {
  const record = readRecord(folder)
  if (record && isAlive(record)) {
    send(record.pid, signal)
    await waitUntil(() => !isAlive(record), graceSeconds * 1000)
  }
  if (record && isAlive(record)) signalAll(folder, 'SIGKILL')
  else if (processesOf(folder).length > 0) {
    signalAll(folder, 'SIGTERM')
    await waitUntil(() => processesOf(folder).length === 0, CHILDREN_MS)
    signalAll(folder, 'SIGKILL')
  }
  if (!(await waitUntil(() => processesOf(folder).length === 0, 10_000))) {
    const pids = processesOf(folder).map(({ pid }) => pid)
    throw new Error(`processes ${pids.join(', ')} of ${folder} are still there after SIGKILL; they hang in the kernel`)
  }
  removeRecord(folder)
}

function signalAll(folder: string, signal: NodeJS.Signals): void {
  for (const { pid } of processesOf(folder)) send(pid, signal)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Whether the condition came true within the time. */
async function waitUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs
  while (!condition()) {
    if (Date.now() >= end) return false
    await delay(POLL_MS)
  }
  return true
}
