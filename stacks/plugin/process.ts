// The life of a component's process: started and ready, found again, restarted, stopped.

import { rmSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { digestOf } from './digest.ts'
import { filesIn, removeRendered, renderFolder } from './folder.ts'
import { dataIdOf, initialise } from './initialise.ts'
import type { ProcessInputs } from './inputs.ts'
import { layoutOf } from './layout.ts'
import { lastLines, sizeOf } from './log-file.ts'
import { portHolder } from './port-holder.ts'
import { bootId, statOf } from './proc.ts'
import { waitUntilReady } from './readiness/wait.ts'
import { isAlive, processesOf, readRecord, writeRecord, type ProcessRecord } from './record.ts'
import { launch, runStep } from './spawn.ts'
import { stop } from './stop.ts'
import { cutTornRecord } from './torn-record.ts'

/** What is known of a process that runs. */
export interface ProcessState {
  pid: number
  startTime: string
  /** Changes when the data folder was made anew. */
  dataId: string
}

/**
 * Makes the process run as it is asked for: keeps one that already does (an `up` that was interrupted may have left
 * it), stops one that runs otherwise, starts a new one and waits until its own API is ready.
 * @throws Error with the last lines of its log; nothing is left running then
 */
export async function ensureRunning(inputs: ProcessInputs, signal: AbortSignal): Promise<ProcessState> {
  refuseTakenPorts(inputs)
  const { log } = layoutOf(inputs.folder)
  const digest = digestOf(inputs)
  const logStart = sizeOf(log)
  try {
    let record = readRecord(inputs.folder)
    if (!record || !isAlive(record) || record.digest !== digest || driftOf(inputs).length > 0) {
      await stopProcess(inputs)
      record = await start(inputs, digest, signal)
    }
    const running = record
    await waitUntilReady({
      health: inputs.health,
      secrets: inputs.secrets,
      limitSeconds: inputs.startSeconds,
      isAlive: () => isAlive(running),
      signal,
    })
    return { pid: running.pid, startTime: running.startTime, dataId: dataIdOf(inputs.folder) }
  } catch (cause) {
    await stopProcess(inputs)
    if (signal.aborted) throw new Error(`${inputs.component} was not started: the update was cancelled`, { cause })
    throw new Error(
      `${inputs.component} was not started: ${(cause as Error).message}\n` +
        `Last lines of ${log}:\n${indent(lastLines(log, logStart))}`,
      { cause },
    )
  }
}

async function start(inputs: ProcessInputs, digest: string, signal: AbortSignal): Promise<ProcessRecord> {
  const { folder, workingFolder, command, env } = inputs
  const at = { folder, workingFolder, log: layoutOf(folder).log }
  renderFolder(inputs)
  await initialise(inputs, signal)
  for (const lock of inputs.locks) rmSync(lock, { force: true })
  if (inputs.writeAheadLog !== undefined) cutTornRecord(inputs.writeAheadLog)
  for (const step of inputs.prepare) await runStep(step, at, signal)
  signal.throwIfAborted()
  const { pid = 0 } = await launch({ ...at, command, env })
  const record = { pid, startTime: statOf(pid)?.startTime ?? '', bootId: bootId(), digest }
  writeRecord(folder, record)
  return record
}

export async function stopProcess({ folder, stopSignal, stopSeconds }: ProcessInputs): Promise<void> {
  await stop(folder, stopSignal, stopSeconds)
}

/** Stops the process and removes its configuration and secret files; data and log stay. */
export async function removeProcess(inputs: ProcessInputs): Promise<void> {
  await stopProcess(inputs)
  removeRendered(inputs.folder)
}

/** The process that runs in the component's folder, or undefined when it has died. */
export function stateOf({ folder }: ProcessInputs): ProcessState | undefined {
  const record = readRecord(folder)
  if (!record || !isAlive(record)) return undefined
  return { pid: record.pid, startTime: record.startTime, dataId: dataIdOf(folder) }
}

/** Which inputs are no longer what the living process was started with. */
export function driftOf(inputs: ProcessInputs): ('files' | 'secrets' | 'command')[] {
  const { files, secrets } = layoutOf(inputs.folder)
  return [
    ...(isDeepStrictEqual(filesIn(files), { ...inputs.files }) ? [] : (['files'] as const)),
    ...(isDeepStrictEqual(filesIn(secrets), { ...inputs.secrets }) ? [] : (['secrets'] as const)),
    ...(readRecord(inputs.folder)?.digest === digestOf(inputs) ? [] : (['command'] as const)),
  ]
}

/** @throws Error that names who holds a port that the process needs */
function refuseTakenPorts({ component, folder, listeners }: ProcessInputs): void {
  const processes = processesOf(folder)
  const own = new Set<number | undefined>(processes.map(({ pid }) => pid))
  // What an exiting process holds is no longer shown as its own; starting waits until it is gone.
  if (processes.some(({ exiting }) => exiting)) own.add(undefined)
  for (const { endpoint, port, setting } of listeners) {
    const holder = portHolder(port)
    if (!holder || own.has(holder.pid)) continue
    const who =
      holder.pid === undefined
        ? 'a process of another user or container'
        : `process ${holder.pid} (${holder.command?.slice(0, 200)})`
    throw new Error(
      `Port ${port} of ${component} (${endpoint}) is taken by ${who}. ` +
        `Stop it, or choose another port: pulumi config set --stack <stack> --path 'runlight:${setting}' <port>`,
    )
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}
