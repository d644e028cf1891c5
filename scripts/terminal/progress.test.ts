import { stripVTControlCharacters } from 'node:util'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { seconds } from './elapsed.ts'
import { plainProgress } from './plain.ts'
import { progressFor } from './progress.ts'

/** A stream that looks like a terminal, and keeps what is written to it. */
function terminal() {
  const written: string[] = []
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 })
  stream.on('data', (chunk: Buffer) => written.push(chunk.toString()))
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => stripVTControlCharacters(written.join('')) }
}

test('plain lines: when a step starts, while it lasts, and when it is done', async () => {
  const lines: string[] = []
  const progress = plainProgress({ write: (line) => lines.push(line) }, 5)
  await progress.step('loki 3.7.8', async (step) => {
    step.note('compiling (12 packages)')
    await expect.poll(() => lines.length).toBeGreaterThan(2)
  })
  expect(lines[0]).toBe('loki 3.7.8: started\n')
  expect(lines[1]).toMatch(/^loki 3\.7\.8: compiling \(12 packages\) \(\d+\.\d s\)\n$/)
  expect(lines.at(-1)).toMatch(/^loki 3\.7\.8: done in \d+\.\d s\n$/)
})

test('plain lines: a step that fails says so, and its error passes on', async () => {
  const lines: string[] = []
  const progress = plainProgress({ write: (line) => lines.push(line) })
  await expect(progress.step('loki', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(lines.at(-1)).toMatch(/^loki: failed after/)
})

test('on a terminal, a list with what each step does and how it ended', async () => {
  const { stream, text } = terminal()
  const progress = progressFor(stream, {})
  let end: () => void = () => undefined
  const lasting = progress.step('loki 3.7.8', async (step) => {
    step.note('compiling')
    await new Promise<void>((resolve) => (end = resolve))
  })
  await expect(progress.step('temporal 1.9.1', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await expect.poll(text).toMatch(/loki 3\.7\.8 \d+\.\d s · compiling/)
  await expect.poll(text).toMatch(/✖ temporal 1\.9\.1 failed after/)
  end()
  await lasting
  expect(text()).toMatch(/✔ loki 3\.7\.8 \d+\.\d s/)
})

test('with CI set, a terminal gets plain lines too', async () => {
  const { stream, text } = terminal()
  await progressFor(stream, { CI: 'true' }).step('loki', async () => undefined)
  expect(text()).toMatch(/^loki: started\nloki: done in/)
})

test('elapsed time is told as a person would', () => {
  expect(seconds(0, 432)).toBe('0.4 s')
  expect(seconds(0, 12_300)).toBe('12 s')
  expect(seconds(0, 59_700)).toBe('1 min 00 s')
  expect(seconds(0, 245_000)).toBe('4 min 05 s')
})
