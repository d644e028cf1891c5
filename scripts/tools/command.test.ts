import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CommandFailed, run } from './command.ts'
import { temporaryFolder } from './fixtures/temporary.ts'

test('standard output is returned whole, and lines of both outputs are told', async () => {
  const lines: string[] = []
  const output = await run({
    file: 'sh',
    args: ['-c', 'printf "one\\ntwo"; echo wrong >&2'],
    onLine: (line) => lines.push(line),
  })
  expect(output).toBe('one\ntwo')
  expect(lines.sort()).toEqual(['one', 'two', 'wrong'])
})

test('input goes to the program and not into its arguments', async () => {
  expect(await run({ file: 'cat', args: [], input: 'a secret' })).toBe('a secret')
})

test('a failure has the exit code and the last lines', async () => {
  const failing = run({ file: 'sh', args: ['-c', 'seq 1 100; echo the reason >&2; exit 7'] })
  const error = await failing.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(CommandFailed)
  expect((error as CommandFailed).message).toBe('sh ended with exit code 7.')
  expect((error as CommandFailed).tail).toContain('the reason')
  expect((error as CommandFailed).tail).toHaveLength(40)
})

test('a program that is not there is told as such', async () => {
  await expect(run({ file: 'no-such-program', args: [] })).rejects.toThrow('no-such-program could not be started')
})

test('aborting ends the program and what it started', async () => {
  const pidFile = join(await temporaryFolder(), 'pid')
  const controller = new AbortController()
  const running = run({
    file: 'sh',
    args: ['-c', `sh -c 'echo $$ > ${pidFile}.part; mv ${pidFile}.part ${pidFile}; exec sleep 1000' & wait`],
    signal: controller.signal,
  })
  await expect.poll(() => existsSync(pidFile)).toBe(true)
  controller.abort(new Error('stopped'))
  await expect(running).rejects.toThrow('stopped')
  const grandchild = Number(await readFile(pidFile, 'utf8'))
  await expect.poll(() => isRunning(grandchild), { timeout: 5_000 }).toBe(false)
})

/** A process that has ended may stay as a zombie where nobody reaps orphans, as in many containers. */
function isRunning(pid: number): boolean {
  const path = `/proc/${pid}/stat`
  return existsSync(path) && !/\) [ZX] /.test(readFileSync(path, 'utf8'))
}
