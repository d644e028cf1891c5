// Children and containers, their lines on a real bus.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { CLOSE_MS, startBus } from '../bus.fixture.ts'
import type { TestBus } from '../bus.fixture.ts'

let bus: TestBus
beforeAll(async () => {
  bus = await startBus()
})
afterAll(() => bus?.stop())

/** A child that runs some JavaScript. */
const node = (code: string) => spawn(process.execPath, ['-e', code])

test('a child: its lines come as it writes them, and all of it is captured', async () => {
  const { telemetry } = bus.open()
  const context = telemetry.context({ runId: 'child', nodeRef: 'n' })
  const child = node(`
    const smile = Buffer.from('😀\\n')
    process.stdout.write(smile.subarray(0, 2))
    process.stdin.once('data', () => {
      process.stdout.write(smile.subarray(2))
      process.stderr.write('\\u001b[31m 1%\\r 100%\\u001b[0m\\n{"a":1}')
      process.exitCode = 3
      process.stdin.destroy()
    })
    process.stderr.write('first\\n')
  `)
  const captured = context.capture(child, { ansi: 'strip' })
  // The first line is on the bus while the child still runs.
  await vi.waitFor(async () => {
    await context.flush(1_000)
    expect((await bus.logsOf('child')).map(({ message }) => message)).toEqual(['first'])
  }, CLOSE_MS)
  expect(child.exitCode).toBeNull()
  child.stdin.write('go')
  const { stdout, stderr, code, signal } = await captured
  expect({ stdout, code, signal }).toEqual({ stdout: { text: '😀\n', bytes: 5, cut: false }, code: 3, signal: null })
  expect(stderr.text).toBe('first\n\u001b[31m 1%\r 100%\u001b[0m\n{"a":1}')
  expect(await context.close(CLOSE_MS)).toBe(true)
  const logs = await bus.logsOf('child')
  expect(logs.map(({ stream, level, message }) => `${stream} ${level} ${message}`).toSorted()).toEqual(
    ['stderr warn first', 'stderr warn  100%', 'stderr warn {"a":1}', 'stdout info 😀'].toSorted(),
  )
})

test('a child that says more than is captured: every line is forwarded, and the cut is told', async () => {
  const { telemetry } = bus.open()
  const context = telemetry.context({ runId: 'long', nodeRef: 'n' })
  const child = node(`for (let i = 0; i < 1000; i++) console.log('ü'.repeat(50))`)
  const { stdout, stderr } = await context.capture(child, { captureBytes: 1001 })
  expect(stdout).toMatchObject({ bytes: 101_000, cut: true })
  expect(stdout.text).toHaveLength(505)
  expect(stdout.text).not.toContain('\ufffd')
  expect(stderr).toEqual({ text: '', bytes: 0, cut: false })
  expect(await context.close(CLOSE_MS)).toBe(true)
  const logs = await bus.logsOf('long')
  expect(logs.filter(({ stream }) => stream === 'stdout')).toHaveLength(1000)
  expect(logs.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
    'Of stdout only the first 1001 bytes are captured; all of its lines are forwarded.',
  ])
})

test('children that end otherwise: by a signal, before anybody looks, not started at all', async () => {
  const { telemetry } = bus.open()
  const context = telemetry.context({ runId: 'ends', nodeRef: 'n' })
  expect(await context.capture(node('process.kill(process.pid, "SIGKILL")'))).toMatchObject({
    code: null,
    signal: 'SIGKILL',
  })
  const early = node('')
  await once(early, 'exit')
  expect(await context.capture(early)).toMatchObject({ code: 0 })
  await expect(context.capture(spawn('/nonexistent/program'))).rejects.toThrow('ENOENT')
})

test('a container: frames become stdout and stderr', async () => {
  const { telemetry } = bus.open()
  const context = telemetry.context({ runId: 'container', nodeRef: 'n' })
  const output = new PassThrough()
  const captured = context.captureContainer(output)
  for (const [type, text] of [
    [1, 'out'],
    [2, 'err\n'],
    [1, 'put\n{"n":1}'],
  ] as const) {
    const header = Buffer.alloc(8)
    header[0] = type
    header.writeUInt32BE(text.length, 4)
    output.write(header)
    output.write(text)
  }
  output.end()
  expect(await captured).toMatchObject({ stdout: { text: 'output\n{"n":1}' }, stderr: { text: 'err\n' } })
  const broken = new PassThrough()
  broken.end(Buffer.from([1, 0, 0, 0, 0, 0, 0, 1, 0x61, 9, 9, 9, 9]))
  await expect(context.captureContainer(broken)).rejects.toMatchObject({ code: 'RL_CONTAINER_OUTPUT_INVALID' })
  expect(await context.close(CLOSE_MS)).toBe(true)
  expect((await bus.logsOf('container')).map(({ stream, message }) => `${stream} ${message}`)).toEqual([
    'stderr err',
    'stdout output',
    'stdout {"n":1}',
    'stdout a',
  ])
})
