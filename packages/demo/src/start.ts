// Command line: starts a run of the audit, and waits for its end if asked to.

import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readEnvironment } from '@runlight/contracts/environment'
import { Client, Connection } from '@temporalio/client'
import { auditGraph } from './audit.ts'
import type { Fault } from './audit.ts'
import { startAudit } from './start-audit.ts'

const USAGE = `Usage: start [options]
  --lock <file>            package-lock.json to audit (default: the one in the current folder)
  --out <folder>           where the report goes (default: .runlight/reports)
  --org <id>               organisation that the run belongs to
  --shards <n>             parts that the packages are divided into (default 3)
  --attempts <n>           attempts that each node has (default 3)
  --fail <node>            the node fails for good
  --fail-times <node>=<n>  the node fails in its first n attempts
  --hang <node>            the node waits until it is cancelled
  --lines <node>=<n>       the node logs n lines more
  --wait                   wait for the end; exit with 1 when the run did not complete
  --json                   one JSON object instead of sentences
A node is one of read-lock, licences-1 …, integrity-1 …, sizes-1 …, duplicates, join, report.`

const { values } = parseArgs({
  options: {
    lock: { type: 'string', default: 'package-lock.json' },
    out: { type: 'string', default: '.runlight/reports' },
    org: { type: 'string' },
    shards: { type: 'string', default: '3' },
    attempts: { type: 'string', default: '3' },
    fail: { type: 'string', multiple: true, default: [] },
    'fail-times': { type: 'string', multiple: true, default: [] },
    hang: { type: 'string', multiple: true, default: [] },
    lines: { type: 'string', multiple: true, default: [] },
    wait: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

class Misuse extends Error {}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const shards = wholeNumber('--shards', values.shards)
  const { temporalAddress, temporalNamespace, temporalTaskQueue, runPrefix } = readEnvironment([
    'temporalAddress',
    'temporalNamespace',
    'temporalTaskQueue',
    'runPrefix',
  ])
  const faults = readFaults(shards)
  const connection = await Connection.connect({ address: temporalAddress })
  try {
    const run = await startAudit(new Client({ connection, namespace: temporalNamespace }), {
      taskQueue: temporalTaskQueue,
      lockFile: resolve(values.lock),
      outputFolder: resolve(values.out),
      shards,
      attempts: wholeNumber('--attempts', values.attempts),
      faults,
      runPrefix,
      ...(values.org !== undefined && { orgId: values.org }),
    })
    const { workflowId: runId } = run
    if (!values.wait) {
      tell({ runId }, `Run ${runId} has started.`)
      return 0
    }
    try {
      const result = await run.result()
      tell({ runId, result }, `Run ${runId} has completed; its report is ${result.markdown}.`)
      return 0
    } catch (error) {
      const reason = firstCause(error)
      tell({ runId, error: reason }, `Run ${runId} did not complete. ${reason}`)
      return 1
    }
  } finally {
    await connection.close()
  }
}

/** Temporal wraps a failure once for each way that it took. */
function firstCause(error: unknown): string {
  let first = error
  while (first instanceof Error && first.cause !== undefined) first = first.cause
  return first instanceof Error ? first.message : String(first)
}

function tell(answer: object, sentence: string): void {
  console.log(values.json ? JSON.stringify(answer) : sentence)
}

function readFaults(shards: number): Record<string, Fault> {
  const faults: Record<string, Fault> = {}
  const nodes = new Set(auditGraph(shards).nodes.map((node) => node.ref))
  const add = (option: string, node: string, fault: Fault): void => {
    if (!nodes.has(node)) throw new Misuse(`${option} names ${node}, which is not a node of this audit`)
    faults[node] = { ...faults[node], ...fault }
  }
  const counted = (option: 'fail-times' | 'lines', fault: (count: number) => Fault): void => {
    for (const text of values[option]) {
      const [node = '', count = ''] = text.split('=')
      add(`--${option}`, node, fault(wholeNumber(`--${option}`, count)))
    }
  }
  for (const node of values.fail) add('--fail', node, { fail: true })
  for (const node of values.hang) add('--hang', node, { hang: true })
  counted('fail-times', (failTimes) => ({ failTimes }))
  counted('lines', (lines) => ({ lines }))
  return faults
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Misuse(`${option} needs a whole number above 0, not '${text}'`)
  return Number(text)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  if (error instanceof Misuse) console.error(USAGE)
  process.exitCode = 2
}
