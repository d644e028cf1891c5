// The whole: a stack of its own, real runs through it, parts killed, nothing lost, nothing doubled, nothing left over.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Verification } from '@runlight/cli/commands/verify'
import { TOPICS } from '@runlight/contracts/topics'
import { createApiClient } from '@runlight/sdk/client/api-client'
import type { ApiClient } from '@runlight/sdk/client/api-client'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_DIFFERENCE, compareIdentities } from '../oracle/identity.ts'
import { readTopic } from '../oracle/topic-records.ts'
import { linesGivenIn } from './component-lines.ts'
import type { ComponentLines } from './component-lines.ts'
import { connectAsReader, heldByApi, heldByBus, heldByPostgres, logsHeldByLoki } from './held-records.ts'
import { isOpen, processes } from './machine.ts'
import { isWhole, startRun, untilStatus, withTemporal } from './runs.ts'
import type { StackUnderTest } from './stack-under-test.ts'
import { startStack } from './stack-under-test.ts'

const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const NODES = 13

let stack: StackUnderTest
let api: ApiClient
let cloneBefore: string

beforeAll(async () => {
  cloneBefore = gitStatus()
  stack = await startStack()
  api = createApiClient({ baseUrl: stack.outputs.addresses.api })
})
afterAll(async () => {
  // Undefined when it could not be brought up; then it was taken down already.
  if ((stack as StackUnderTest | undefined) && existsSync(stack.home)) await stack.down()
})

describe('a stack that is up', () => {
  it('is left unchanged by a second pulumi up, and preview expects nothing', async () => {
    const before = pids()
    const { output } = await stack.up()
    expect(output).toMatch(/Resources:\s+\d+ unchanged\n/)
    const preview = await stack.pulumi('preview', '--expect-no-changes')
    expect(preview.code, preview.output).toBe(0)
    await stack.refreshOutputs()
    expect(pids()).toEqual(before)
  })

  it('shows no credential in its outputs, its processes or its logs', async () => {
    const secrets = await Promise.all(
      ['Owner', 'Writer', 'Reader', 'Grafana'].map(async (role) => {
        const { output } = await stack.pulumi('config', 'get', `runlight:postgres${role}Password`)
        return output.trim()
      }),
    )
    const { output } = await stack.pulumi('stack', 'output', '--json')
    const seen = [output, ...processes().map(({ command, environment }) => command + environment)]
    for (const { log } of Object.values(stack.outputs.components)) seen.push(readFileSync(log, 'utf8'))
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20)
      expect(seen.filter((text) => text.includes(secret))).toEqual([])
    }
  })

  it('is left as it is by npm run up, which brings a run through and tells of every component', async () => {
    const before = pids()
    const { code, output } = await stack.run(['node', 'scripts/bootstrap.mjs', 'up', '--stack', 'local-e2e'])
    expect(code, output).toBe(0)
    expect(output).toContain(`COMPLETED, ${NODES} of ${NODES} nodes, postgres complete, loki complete`)
    for (const { title, version } of Object.values(stack.outputs.components)) {
      expect(output).toMatch(new RegExp(`${title.replace(/[()]/g, '.')} +ready +${version}`))
    }
    expect(output).toContain('npm run down -- --stack local-e2e')
    await stack.refreshOutputs()
    expect(pids()).toEqual(before)
  })

  it('leaves the clone as it was', () => {
    expect(gitStatus()).toBe(cloneBefore)
  })
})

describe('a run', () => {
  it('completes, and every record of it is in both stores once and comes back in order', async () => {
    const runId = await startRun(stack)
    const status = await untilStatus(api, runId, isWhole)
    expect(status).toMatchObject({
      status: 'COMPLETED',
      workflowId: 'dependency-audit',
      progress: { completedActions: NODES, totalActions: NODES },
    })
    expect(runId).toMatch(/^shipsec-run-[0-9a-f-]{36}$/)
    await expectOnceEverywhere(runId)
  })

  it('whose node fails for good is FAILED, and says which node and why', async () => {
    const runId = await startRun(stack, { faults: { duplicates: { fail: true } } })
    const status = await untilStatus(api, runId, isWhole)
    expect(status.status).toBe('FAILED')
    expect(status.failure).toMatchObject({ nodeRef: 'duplicates' })
    await expectOnceEverywhere(runId)
  })

  it('whose node fails twice, then succeeds, is COMPLETED with three attempts', async () => {
    const runId = await startRun(stack, { faults: { 'sizes-2': { failTimes: 2 } } })
    const status = await untilStatus(api, runId, isWhole)
    expect(status.status).toBe('COMPLETED')
    const events = []
    for await (const event of api.allEvents(runId)) if (event.nodeRef === 'sizes-2') events.push(event)
    expect(events.filter(({ type }) => type === 'NODE_STARTED').map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(events.filter(({ type }) => type === 'NODE_RETRYING')).toHaveLength(2)
    await expectOnceEverywhere(runId)
  })

  it('that is cancelled is CANCELLED, one that is terminated is TERMINATED', async () => {
    const [cancelled, terminated] = await Promise.all([
      startRun(stack, { faults: { duplicates: { hang: true } } }),
      startRun(stack, { faults: { duplicates: { hang: true } } }),
    ])
    for (const runId of [cancelled, terminated]) {
      await untilStatus(api, runId, ({ status, progress }) => status === 'RUNNING' && progress.completedActions > 0)
    }
    const answer = await fetch(`${stack.outputs.addresses.api}/workflows/runs/${cancelled}/cancel`, { method: 'POST' })
    expect(answer.status).toBe(202)
    await withTemporal(stack, (client) => client.workflow.getHandle(terminated).terminate('by the test'))
    expect((await untilStatus(api, cancelled, isWhole)).status).toBe('CANCELLED')
    const last = await untilStatus(api, terminated, ({ status }) => status === 'TERMINATED')
    expect(last.progress.totalActions).toBe(NODES)
    await expectOnceEverywhere(cancelled)
  })
})

describe('runlight verify', () => {
  const verify = async (...options: string[]) => {
    const command = ['node', 'packages/cli/bin/runlight.mjs', 'verify', '--stack', 'local-e2e', '--json']
    const { code, output } = await stack.run([...command, ...options])
    return { code, ...(JSON.parse(output) as Verification) }
  }
  const found = ({ checks }: Verification, name: string) => checks.find((check) => check.name === name)

  it('finds that the stack does what it promises', async () => {
    const verification = await verify()
    expect(verification, JSON.stringify(verification)).toMatchObject({ code: 0, ok: true, stack: 'local-e2e' })
    const done = verification.checks.filter(({ state }) => state === 'ok').map(({ name }) => name)
    expect(done).toEqual(['components', 'run', 'records', 'fault', 'postgres', 'loki', 'prometheus'])
    expect(found(verification, 'records')?.seen).toContain('the API, Loki itself, the live stream')
  })

  it('names the store that a stopped bridge keeps waiting, within its time', async () => {
    const { pid } = stack.outputs.components['bridge-loki'] ?? { pid: 0 }
    process.kill(pid, 'SIGSTOP')
    try {
      const verification = await verify('--timeout', '60')
      expect(verification.code).toBe(1)
      expect(found(verification, 'components')?.seen).toMatch(/^bridge-loki: /)
      expect(found(verification, 'records')).toMatchObject({
        state: 'failed',
        seen: expect.stringMatching(/It was not done after 60 s.* loki has not taken everything .*records behind/),
      })
      expect(found(verification, 'postgres')).toMatchObject({ state: 'ok' })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })
})

describe('100,000 lines of one run', () => {
  it('arrive once and in order, though both bridges are killed on the way and brought back by pulumi up', async () => {
    const runId = await startRun(stack, { faults: { 'read-lock': { lines: 100_000 } } })
    const { 'bridge-loki': loki, 'bridge-postgres': postgres } = stack.outputs.components
    const sql = await connectAsReader(stack)
    try {
      await expect
        .poll(async () => (await sql`select 1 from logs where job_run_id = ${runId} limit 1`).length, {
          timeout: 120_000,
        })
        .toBe(1)
    } finally {
      await sql.end()
    }
    for (const component of [loki, postgres]) process.kill(component?.pid ?? 0, 'SIGKILL')
    const { output } = await stack.up()
    expect(output).toMatch(/2 (?:created|replaced|updated)/)
    await stack.refreshOutputs()
    await untilStatus(api, runId, isWhole, 300_000)
    const held = await expectOnceEverywhere(runId)
    expect(held.logs.length).toBeGreaterThanOrEqual(100_000)
  })
})

describe("the components' own logs", () => {
  it('are in the hot store, each record once, what belongs together in one', async () => {
    const speaking = Object.entries(stack.outputs.components).filter(([, { log }]) => statSync(log).size > 0)
    expect(speaking.map(([name]) => name)).toEqual(expect.arrayContaining(['bus', 'postgres', 'api', 'log-collector']))
    const sql = await connectAsReader(stack)
    try {
      const heard = async () => {
        const rows = await sql<{ component: string }[]>`select distinct component from logs where type = 'system'`
        return rows.map(({ component }) => component)
      }
      await expect.poll(heard, { timeout: 60_000 }).toEqual(expect.arrayContaining(speaking.map(([name]) => name)))
      const [doubled] = await sql`
        select count(*)::int as rows, count(distinct (producer_id, producer_seq))::int as identities
        from logs where component = 'bus'`
      expect(doubled?.['rows']).toBe(doubled?.['identities'])
      const [started] = await sql`
        select message, level from logs
        where component = 'bus' and message like 'KafkaConfig values:%' limit 1`
      // A table of settings is one entry.
      expect(started?.['message']).toContain('\n\tlog.dirs = ')
      expect(started?.['level']).toBe('info')
    } finally {
      await sql.end()
    }
  })

  it('stay few while nothing happens, of each component and in all: shipping them makes none', async () => {
    const sql = await connectAsReader(stack)
    const sum = (given: readonly ComponentLines[]) => given.reduce((total, { lines }) => total + lines, 0)
    try {
      // What components say at their start has arrived.
      await expect.poll(async () => sum(await linesGivenIn(sql, 5)), { timeout: 120_000 }).toBeLessThanOrEqual(5)
      const given = await linesGivenIn(sql, 60)
      expect(given.map(({ name }) => name)).toEqual(expect.arrayContaining(['bus', 'postgres', 'log-collector']))
      expect(given.filter(({ lines }) => lines > 20)).toEqual([])
      expect(sum(given), JSON.stringify(given)).toBeLessThanOrEqual(60)
    } finally {
      await sql.end()
    }
  })
})

describe('garbage on a topic', () => {
  it('becomes dead letters with a reason, and the good records around it are stored', async () => {
    const runId = `foreign-${crypto.randomUUID()}`
    const good = (message: string) =>
      JSON.stringify({
        ...{ schemaVersion: 1, type: 'job', runId, level: 'info', stream: 'stdout', message },
        timestamp: new Date().toISOString(),
      })
    const values = [good('first'), '{"broken', Buffer.from([0xff, 0xfe]), '{"schemaVersion":1}', good('last')]
    const producer = new Kafka({
      brokers: [stack.outputs.addresses.broker],
      logLevel: logLevel.NOTHING,
    }).producer()
    await producer.connect()
    await producer.send({ topic: TOPICS.logs, messages: values.map((value) => ({ key: runId, value })) })
    await producer.disconnect()

    await expect
      .poll(async () => (await logsHeldByLoki(stack, runId)).lines, { timeout: 60_000 })
      .toEqual([values[0], values[4]])
    await expect.poll(() => messagesOf(runId), { timeout: 60_000 }).toEqual(['first', 'last'])
    const letters = (await readTopic([stack.outputs.addresses.broker], TOPICS.deadLetters)).map(
      ({ value }) => JSON.parse(value) as { sink: string; reason: string },
    )
    for (const sink of ['loki', 'postgres']) {
      const reasons = letters.filter((letter) => letter.sink === sink).map(({ reason }) => reason)
      expect(reasons.sort()).toEqual(['encoding', 'json', 'schema'])
    }
  })
})

describe('a component that was killed', () => {
  it('is brought back by pulumi up, whichever it is, and the others are left alone', async () => {
    const before = pids()
    for (const pid of Object.values(before)) process.kill(pid, 'SIGKILL')
    await stack.up()
    await stack.refreshOutputs()
    const after = pids()
    for (const [name, pid] of Object.entries(after)) expect(pid, name).not.toBe(before[name])

    process.kill(after['api'] ?? 0, 'SIGKILL')
    await stack.up()
    await stack.refreshOutputs()
    const { api: apiPid, ...others } = pids()
    expect(apiPid).not.toBe(after['api'])
    expect({ ...others, api: after['api'] }).toEqual(after)

    const runId = await startRun(stack)
    expect((await untilStatus(api, runId, isWhole)).status).toBe('COMPLETED')
    await expectOnceEverywhere(runId)
  })
})

describe('a stack that is taken down with its data', () => {
  it('leaves no process, no port and no file behind', async () => {
    const { home, ports } = stack
    await stack.down()
    expect(processes().filter(({ command }) => command.includes(home))).toEqual([])
    expect(await Promise.all(ports.map(isOpen))).toEqual(ports.map(() => false))
    expect(existsSync(home)).toBe(false)
    expect(gitStatus()).toBe(cloneBefore)
  })
})

/** The bus is the measure: what was sent is in both stores once, and comes back through the API in order. */
async function expectOnceEverywhere(runId: string): Promise<{ logs: string[]; events: string[] }> {
  const [bus, loki, postgres, read] = [
    await heldByBus(stack, runId),
    await logsHeldByLoki(stack, runId),
    await heldByPostgres(stack, runId),
    await heldByApi(api, runId),
  ]
  expect(bus.logs.length).toBeGreaterThan(0)
  // The SDK sends idempotently: what it repeats, the broker drops.
  expect(compareIdentities(bus.logs, bus.logs), 'log entries on the bus').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.logs, loki.identities), 'lines in Loki').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.logs, postgres.logs), 'rows in logs').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.events, postgres.events), 'rows in workflow_traces').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.logs, read.logs), 'lines through the API').toEqual(NO_DIFFERENCE)
  expect(compareIdentities(bus.events, read.events), 'events through the API').toEqual(NO_DIFFERENCE)
  expect(read.ordered, 'order of the lines through the API').toBe(true)
  expect(postgres.sequences, 'sequence').toEqual(postgres.sequences.map((_, index) => index + 1))
  return bus
}

async function messagesOf(runId: string): Promise<string[]> {
  const messages: string[] = []
  for await (const { message } of api.allLogs(runId)) messages.push(message)
  return messages
}

function pids(): Record<string, number> {
  return Object.fromEntries(Object.entries(stack.outputs.components).map(([name, { pid }]) => [name, pid]))
}

function gitStatus(): string {
  return execFileSync('git', ['status', '--porcelain'], { cwd: CLONE }).toString()
}
