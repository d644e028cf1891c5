// `runlight run --component NAME -- COMMAND …`: ships what a command writes, and is otherwise not there: its output
// stays what it was, byte for byte, signals reach it, and its exit code is ours.
//
// Exit code: that of the command; 128 + n when signal n ended it; 126 and 127 when it could not be started (as a shell)

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { ComponentLog } from '@runlight/sdk/component-log'
import type { ExecutionContext } from '@runlight/sdk/execution-context'
import type { Diagnostic } from '@runlight/sdk/settings'
import { completeSpeaker, openSpeaker } from '@runlight/sdk/speaker'
import type { Speaker } from '@runlight/sdk/speaker'
import { openTelemetry, telemetryFromEnvironment } from '@runlight/sdk/telemetry'

export interface RunOptions extends Speaker {
  /** Comma-separated; else LOG_KAFKA_BROKERS, else where `npm run up` puts it. */
  brokers?: string
  ansi?: 'keep' | 'strip'
  /** How long the end may wait for the bus, in seconds. */
  flushTimeout: number
}

/** Where `npm run up` puts the broker. */
const DEFAULT_BROKERS = '127.0.0.1:17092'

/** Signals that are passed on. SIGKILL and SIGSTOP can't be; the terminal gives SIGWINCH and its kind to all at once. */
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
/** Of these a terminal lets everybody know itself, so that passing them on would be once too often. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']

/**
 * Runs a command and gives the exit code for this process.
 * @throws RunlightError RL_CONFIG_INVALID
 */
export async function runCommand(command: readonly string[], options: RunOptions): Promise<number> {
  const { brokers, ansi, flushTimeout, ...named } = options
  const env = { LOG_KAFKA_BROKERS: DEFAULT_BROKERS, ...process.env, ...(brokers && { LOG_KAFKA_BROKERS: brokers }) }
  const [file = '', ...args] = command
  let trouble: Diagnostic | undefined
  const settings = telemetryFromEnvironment(env)
  const telemetry = openTelemetry({
    ...settings,
    ...(ansi && { output: { ...settings.output, ansi } }),
    clientId: 'runlight-run',
    // The end is ours: it waits for the command first.
    closeOnExit: false,
    exitTimeoutMs: 0,
    onDiagnostic: (diagnostic) => (trouble = diagnostic),
  })
  const speaker = completeSpeaker(named, env)
  const log = openSpeaker(telemetry, named, file.slice(file.lastIndexOf('/') + 1), env)
  const child = spawn(file, args, {
    stdio: ['inherit', 'pipe', 'pipe'],
    env: { ...process.env, ...toEnvironment(speaker) },
  })
  const stopSignals = passSignals(child)
  try {
    const [code] = await Promise.all([
      exitCodeOf(child, file),
      forward(child.stdout, process.stdout, (chunk) => log.stdout(chunk)),
      forward(child.stderr, process.stderr, (chunk) => log.stderr(chunk)),
    ])
    // From here on a signal is for us.
    stopSignals()
    await endLog(log, flushTimeout * 1_000, trouble)
    return code
  } finally {
    await telemetry.close(0)
  }
}

/** A command that reports by itself, or runs another one this way, speaks for the same run. */
function toEnvironment({ runId, nodeRef, attempt, execution, workflowId, orgId }: Speaker): Record<string, string> {
  return {
    ...(orgId !== undefined && { RUNLIGHT_ORG_ID: orgId }),
    ...(runId !== undefined && {
      RUNLIGHT_RUN_ID: runId,
      RUNLIGHT_NODE: nodeRef ?? '',
      RUNLIGHT_ATTEMPT: String(attempt ?? 1),
      RUNLIGHT_EXECUTION: String(execution ?? 1),
      RUNLIGHT_WORKFLOW_ID: workflowId ?? '',
    }),
  }
}

function passSignals(child: ChildProcess): () => void {
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const listeners = PASSED_ON.map((signal) => {
    const pass = (): void => {
      if (!(onTerminal && FROM_TERMINAL.includes(signal))) child.kill(signal)
    }
    process.on(signal, pass)
    return () => process.off(signal, pass)
  })
  return () => {
    for (const stop of listeners) stop()
  }
}

async function exitCodeOf(child: ChildProcess, file: string): Promise<number> {
  try {
    await once(child, 'exit')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    process.stderr.write(`runlight: ${file} could not be started: ${message}\n`)
    return code === 'ENOENT' ? 127 : 126
  }
  return child.exitCode ?? 128 + constants.signals[child.signalCode ?? 'SIGKILL']
}

/** Passes a stream on as it comes, no faster than it is taken. */
async function forward(from: Readable, to: Writable, ship: (chunk: Buffer) => void): Promise<void> {
  // Whoever reads has gone (`| head`): the command is to notice it as it would without us.
  const stop = (): void => void from.destroy()
  to.on('error', stop)
  from.on('data', (chunk: Buffer) => {
    ship(chunk)
    if (to.write(chunk)) return
    from.pause()
    to.once('drain', () => from.resume())
  })
  await finished(from).catch(() => undefined)
}

async function endLog(
  log: ComponentLog | ExecutionContext,
  timeoutMs: number,
  trouble: Diagnostic | undefined,
): Promise<void> {
  const done = await log.close(timeoutMs)
  const { entries, acknowledged } = log.progress
  if (done && entries === acknowledged) return
  const missing = entries - acknowledged
  const what = missing > 0 ? `${missing} of ${entries} lines were not sent` : 'the end of the output could not be told'
  const why = trouble?.cause instanceof Error ? ` (${trouble.cause.message})` : ''
  process.stderr.write(`runlight: ${what}: the telemetry bus has not taken them in time${why}.\n`)
}
