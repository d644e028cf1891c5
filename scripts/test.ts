// `npm test`: checks, then the suites on real components, one after the other; the time of each; one closing line.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { $ } from 'zx'
import { engineForTests } from './engine/for-tests.ts'
import { setup } from './setup.ts'
import { resolveTools } from './tools/resolve.ts'
import type { ToolName } from './tools/versions.ts'
import { runVerb } from './verb.ts'

interface SuiteResult {
  name: string
  seconds: number
  passed: number
  failed: number
  /** What failed, a line each: file, test and the first line of the reason. */
  failures: readonly string[]
}

const SUITES = ['unit', 'stack', 'delivery', 'e2e', 'images'] as const

/** What a suite needs beyond the stack `local`. */
const SUITE_TOOLS: Partial<Record<(typeof SUITES)[number], readonly ToolName[]>> = { delivery: ['kcat'] }

/** What a suite leaves tests out without, each by its name. */
const WELCOME_TOOLS: Partial<Record<(typeof SUITES)[number], readonly ToolName[]>> = { stack: ['chromium'] }

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))

async function main(signal: AbortSignal): Promise<number> {
  const unknown = wanted.filter((name) => name !== 'check' && !SUITES.some((suite) => suite === name))
  if (unknown.length > 0) {
    console.error(`There is no suite ${unknown.join(', ')}. The suites are check, ${SUITES.join(', ')}.`)
    return 2
  }
  await setup({ stack: 'local', signal })
  const work = await mkdtemp(join(tmpdir(), 'runlight-test-'))
  const results: SuiteResult[] = []
  try {
    if (isWanted('check')) results.push(await timed('check', () => runCheck(signal)))
    for (const suite of SUITES) {
      if (!isWanted(suite)) continue
      await resolveTools(SUITE_TOOLS[suite] ?? [], { signal })
      await welcomeTools(suite, signal)
      const run = suite === 'images' ? runWithEngine : runSuite
      results.push(await timed(suite, () => run(suite, work, signal)))
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return printResults(results)
}

async function welcomeTools(suite: (typeof SUITES)[number], signal: AbortSignal): Promise<void> {
  const names = WELCOME_TOOLS[suite] ?? []
  await resolveTools(names, { signal }).catch((cause: unknown) => {
    signal.throwIfAborted()
    console.log(`Tests that need ${names.join(', ')} are left out: ${(cause as Error).message}`)
  })
}

/** The last line is what CI reads. */
function printResults(results: readonly SuiteResult[]): number {
  console.log()
  for (const { name, seconds, passed, failed } of results) {
    console.log(`${name.padEnd(8)} ${seconds.toFixed(0).padStart(5)} s  ${passed} passed, ${failed} failed`)
  }
  for (const { name, failures } of results) for (const failure of failures) console.log(`${name}: ${failure}`)
  const passed = sum(results.map((result) => result.passed))
  const failed = sum(results.map((result) => result.failed))
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed > 0 ? 0 : 1
}

function isWanted(name: string): boolean {
  return wanted.length === 0 || wanted.includes(name)
}

async function timed(name: string, run: () => Promise<Counts>): Promise<SuiteResult> {
  const started = performance.now()
  const counts = await run()
  return { name, seconds: (performance.now() - started) / 1000, ...counts }
}

async function runCheck(signal: AbortSignal): Promise<Counts> {
  const { exitCode } = await $({ stdio: 'inherit', nothrow: true })`node --import tsx scripts/check.ts`
  signal.throwIfAborted()
  return exitCode === 0 ? { passed: 1, failed: 0, failures: [] } : { passed: 0, failed: 1, failures: [] }
}

type Counts = Omit<SuiteResult, 'name' | 'seconds'>

async function runWithEngine(suite: string, work: string, signal: AbortSignal): Promise<Counts> {
  const engine = await engineForTests({ signal, note: (text) => console.log(`${suite}: ${text}`) })
  try {
    return await runSuite(suite, work, signal, engine.env)
  } finally {
    await engine.stop()
  }
}

async function runSuite(
  suite: string,
  work: string,
  signal: AbortSignal,
  variables: Readonly<Record<string, string>> = {},
): Promise<Counts> {
  const report = join(work, `${suite}.json`)
  const { exitCode } = await $({
    stdio: 'inherit',
    nothrow: true,
    env: { ...process.env, ...variables },
  })`npx --no-install vitest run --project ${suite} --reporter default --reporter json --outputFile.json ${report}`
  signal.throwIfAborted()
  const counts = await readReport(report)
  // A file that can't be loaded, or an error outside a test, fails the suite without a failed test.
  if (exitCode !== 0 && counts.failed === 0) return { ...counts, failed: 1 }
  return counts
}

/** The parts of Vitest's JSON report that are told again at the end (https://vitest.dev/guide/reporters.html). */
interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: {
    name: string
    message: string
    status: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

async function readReport(path: string): Promise<Counts> {
  let report
  try {
    report = JSON.parse(await readFile(path, 'utf8')) as Report
  } catch (cause) {
    return { passed: 0, failed: 1, failures: [`there is no report: ${(cause as Error).message}`] }
  }
  const failures = report.testResults.flatMap((file) => {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed')
    const reasons = failed.map(({ fullName, failureMessages }) => `${fullName}: ${firstLine(failureMessages[0])}`)
    if (file.status === 'failed' && failed.length === 0) reasons.push(firstLine(file.message))
    return reasons.map((reason) => `${relative(process.cwd(), file.name)} > ${reason}`)
  })
  return { passed: report.numPassedTests, failed: report.numFailedTests, failures }
}

function firstLine(text = ''): string {
  return stripVTControlCharacters(text).split('\n', 1)[0] ?? ''
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

await runVerb('test', main)
