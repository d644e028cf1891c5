// The API as a process: it starts whatever is away, and ends when it is told to.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../../../regression/fixtures/server-process.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

let folder: string
let port: number
let environment: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runlight-api-'))
  const [own, nobody] = (await freePorts(2)) as [number, number]
  port = own
  const password = join(folder, 'password')
  await writeFile(password, 'secret\n')
  environment = {
    RUNLIGHT_LISTEN: `127.0.0.1:${port}`,
    RUNLIGHT_POSTGRES_URL: `postgres://runlight_reader@127.0.0.1:${nobody}/runlight`,
    RUNLIGHT_POSTGRES_PASSWORD_FILE: password,
    RUNLIGHT_LOKI_URL: `http://127.0.0.1:${nobody}`,
    RUNLIGHT_TEMPORAL_ADDRESS: `127.0.0.1:${nobody}`,
    LOG_KAFKA_BROKERS: `127.0.0.1:${nobody}`,
  }
})

afterAll(() => rm(folder, { recursive: true }))

function start(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { text: '' }
  child.stdout.on('data', (chunk) => (output.text += String(chunk)))
  child.stderr.on('data', (chunk) => (output.text += String(chunk)))
  const exit = once(child, 'exit') as Promise<[code: number | null]>
  return { child, output, exit }
}

test('with every store away it lives, is not ready, and stops on SIGTERM', async () => {
  const { child, output, exit } = start(environment)
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
  await expect
    .poll(
      () =>
        get('/healthz').then(
          (answer) => answer.status,
          () => output.text,
        ),
      { timeout: 60_000 },
    )
    .toBe(200)
  expect((await get('/readyz')).status).toBe(503)
  expect((await get('/workflows/runs')).status).toBe(503)
  child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  expect(output.text).toContain('The service has stopped.')
  expect(output.text).not.toContain('secret')
})

test('settings that are missing are all named', async () => {
  const { RUNLIGHT_LISTEN: _, LOG_KAFKA_BROKERS: __, ...rest } = environment
  const { output, exit } = start(rest)
  expect((await exit)[0]).toBe(1)
  expect(output.text).toMatch(/RUNLIGHT_LISTEN is not set.*LOG_KAFKA_BROKERS is not set/)
})

test('a port that is taken ends it with the address', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port: taken } = holder.address() as { port: number }
  const { output, exit } = start({ ...environment, RUNLIGHT_LISTEN: `127.0.0.1:${taken}` })
  expect((await exit)[0]).toBe(1)
  expect(output.text).toMatch(new RegExp(`EADDRINUSE.*127\\.0\\.0\\.1:${taken}`))
  holder.close()
})
