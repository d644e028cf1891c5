// `runlight verify`: runs the acceptance suite against an environment and tells what was found, check by check.

import type { Output, Style } from '../output.ts'
import { runChecks } from '../verify/check.ts'
import type { CheckState, Result } from '../verify/check.ts'
import { findEnvironment } from '../verify/environment.ts'
import type { Environment } from '../verify/environment.ts'
import { acceptanceSuite } from '../verify/suite.ts'

export interface VerifyOptions {
  stack?: string
  /** Address of the API, where one was named: `verifiedAddress`. */
  api: string | undefined
  /** Longest time of one check, in seconds. */
  timeout: number
  json?: boolean
}

/** What `--json` gives. */
export interface Verification {
  ok: boolean
  stack?: string
  api: string
  checks: Result[]
}

const MARKS: Readonly<Record<CheckState, readonly [mark: string, style: Style]>> = {
  ok: ['✔', 'green'],
  failed: ['✖', 'red'],
  skipped: ['–', 'gray'],
}
const NAME_WIDTH = 10
const INTERRUPTED = 130

/**
 * Runs every check, whatever the ones before have found. Progress goes to standard error.
 * @returns the exit code: 0, 1 when a check has failed, 130 after Ctrl-C
 * @throws CommandError when the environment can't be found
 */
export async function verifyEnvironment(output: Output, options: VerifyOptions): Promise<number> {
  const { json = false, timeout } = options
  const interrupted = new AbortController()
  const interrupt = (): void => interrupted.abort(new Interrupted())
  process.once('SIGINT', interrupt)
  try {
    const { stack, api } = options
    const environment = await findEnvironment({ stack, api, signal: interrupted.signal })
    const { apiUrl } = environment
    if (!json) await output.line(output.paint('bold', `Verifying ${title(environment)}`))
    const { name: stackName } = environment.stack ?? {}
    const limits = { apiUrl, stack: stackName, limitMs: timeout * 1_000, interrupted: interrupted.signal }
    const checks: Result[] = []
    for await (const result of runChecks(acceptanceSuite(environment), limits, progress(output))) {
      checks.push(result)
      if (!json) await printResult(output, result)
    }
    const ok = checks.every(({ state }) => state !== 'failed')
    const name = environment.stack && { stack: environment.stack.name }
    if (json)
      await output.line(JSON.stringify({ ok, ...name, api: apiUrl, checks } satisfies Verification, undefined, 2))
    else await output.line(output.paint(ok ? 'green' : 'red', summary(checks)))
    return ok ? 0 : 1
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    process.stderr.write('Interrupted. A run that was started goes on to its end.\n')
    return INTERRUPTED
  } finally {
    process.off('SIGINT', interrupt)
  }
}

function progress({ paint }: Output): (name: string, text: string) => void {
  return (name, text) => void process.stderr.write(`${paint('gray', `  ${name}: ${text}`)}\n`)
}

class Interrupted extends Error {}

function title({ apiUrl, stack }: Environment): string {
  return stack ? `the stack ${stack.name} (API at ${apiUrl})` : `the environment of the API at ${apiUrl}`
}

async function printResult({ line, paint }: Output, { name, state, seen, next, seconds }: Result): Promise<void> {
  const [mark, style] = MARKS[state]
  await line(`${paint(style, mark)} ${name.padEnd(NAME_WIDTH)}  ${seen} ${paint('gray', `(${seconds} s)`)}`)
  if (next !== undefined) await line(`  next: ${next}`)
}

function summary(checks: readonly Result[]): string {
  const count = (state: CheckState): number => checks.filter((check) => check.state === state).length
  const failures = checks.filter(({ state }) => state === 'failed').map(({ name }) => name)
  const counts = `${count('ok')} ok, ${count('failed')} failed, ${count('skipped')} skipped`
  return failures.length > 0 ? `Failed: ${failures.join(', ')} (${counts}).` : `It does what it promises (${counts}).`
}
