import process from 'node:process'
import { Failure, Failures, explain } from './failure.ts'

/** Thrown (as an abort reason) when a person or the system asked the command to stop. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}.`)
    this.signal = signal
  }
}

const exitCodes: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/**
 * Runs one command (`npm run <verb>`): hands it a signal that is aborted by Ctrl-C, SIGTERM or a closed terminal,
 * explains what goes wrong, and sets the exit code. A second Ctrl-C doesn't wait any longer.
 *
 * @param name the verb, for messages
 * @param work does the command; resolves to the exit code
 */
export async function runVerb(name: string, work: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const controller = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitCodes[signal] ?? 1)
    // On a terminal the list of steps shows it, and a line in between would tear the list.
    if (!process.stdout.isTTY) process.stderr.write(`Stopping (${signal}); once more to stop at once.\n`)
    controller.abort(new Interrupted(signal))
  }
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, onSignal)
  try {
    process.exitCode = await work(controller.signal)
  } catch (error) {
    process.exitCode = report(name, error, controller.signal)
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

function report(name: string, error: unknown, signal: AbortSignal): number {
  if (signal.aborted && signal.reason instanceof Interrupted) {
    process.stderr.write(`${name} was stopped before it was done. Run it again: it goes on where it was.\n`)
    return exitCodes[signal.reason.signal] ?? 1
  }
  const failures = error instanceof Failures ? error.all : error instanceof Failure ? [error] : undefined
  if (failures) {
    for (const failure of failures) process.stderr.write(`\n✖ ${explain(failure)}\n`)
  } else {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.stderr.write(`\n✖ npm run ${name} hit an error that it does not know; please report it.\n${text}\n`)
  }
  return 1
}
