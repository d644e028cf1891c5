import { expect, test } from 'vitest'
import { LineAssembler } from './lines.ts'
import type { OutputSettings } from './settings.ts'

function assemble(chunks: readonly (Uint8Array | string)[], limit?: number): string[] {
  const lines: string[] = []
  const assembler = new LineAssembler((line) => lines.push(line), limit === undefined ? {} : { maxLineLength: limit })
  for (const chunk of chunks) assembler.push(chunk)
  assembler.end()
  return lines
}

test('every split of the bytes gives the same lines', () => {
  const text = 'plain\nüñí 😀 漢字\r\n\nlast without an end'
  const bytes = new TextEncoder().encode(text)
  const expected = ['plain', 'üñí 😀 漢字', '', 'last without an end']
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    expect(assemble(chunks)).toEqual(expected)
  }
})

test('bytes that are not UTF-8 become replacement characters, also at the end', () => {
  expect(assemble([Uint8Array.of(0x61, 0xff, 0x0a, 0xe2, 0x82)])).toEqual(['a\ufffd', '\ufffd'])
})

test('a very long line is cut once, with a mark, and the next is whole', () => {
  const lines = assemble(['x'.repeat(8), 'y'.repeat(8), 'z'.repeat(8), '\nnext\n'], 10)
  expect(lines).toEqual(['xxxxxxxxyy… [cut: 14 more characters]', 'next'])
})

test('a cut does not part a character', () => {
  expect(assemble(['abc😀def\n'], 4)).toEqual(['abc… [cut: 5 more characters]'])
})

test('no output has no lines', () => {
  expect(assemble([])).toEqual([])
  expect(assemble([''])).toEqual([])
})

function assembleAt(steps: readonly (readonly [at: number, chunk: string])[], settings: OutputSettings = {}): string[] {
  const lines: string[] = []
  let now = 0
  const assembler = new LineAssembler(
    (line) => lines.push(line),
    settings,
    () => now,
  )
  for (const [at, chunk] of steps) {
    now = at
    assembler.push(chunk)
  }
  assembler.end()
  return lines
}

test('a progress bar is the line that it ends as, wherever the chunks are split', () => {
  const text = 'start\n 1%\r 50%\r\r100%\r\nnext\rline\r\r\nend\r'
  for (let size = 1; size <= text.length; size++) {
    const chunks: string[] = []
    for (let at = 0; at < text.length; at += size) chunks.push(text.slice(at, at + size))
    expect(assembleAt(chunks.map((chunk) => [0, chunk]))).toEqual(['start', '100%', 'line', 'end'])
  }
})

test('a progress bar that takes long is shown now and then', () => {
  const steps = Array.from({ length: 100 }, (_, i) => [i * 100, `${i}%\r`] as const)
  const lines = assembleAt([...steps, [10_000, 'done\n'], [10_000, 'quick\rline\n']], { redrawMs: 2_000 })
  expect(lines).toEqual(['20%', '40%', '60%', '80%', 'done', 'line'])
})

test('what was shown already is not shown again at the end of its line', () => {
  expect(
    assembleAt([
      [0, '1%\r'],
      [0, '2%\r'],
      [9_000, '3%\r'],
      [9_000, '\n'],
    ]),
  ).toEqual(['2%', '3%'])
  expect(
    assembleAt([
      [0, '1%\r2%\r'],
      [9_000, '3%\r4'],
      [9_000, '\r\r\n'],
    ]),
  ).toEqual(['3%', '4'])
})

test('returns are kept where they are wanted', () => {
  expect(
    assembleAt(
      [
        [0, 'a\rb\r\n\r'],
        [0, 'c'],
      ],
      { returns: 'keep' },
    ),
  ).toEqual(['a\rb', '\rc'])
})

test('escape sequences are kept, or stripped also where chunks split them', () => {
  const colours: readonly (readonly [number, string])[] = [
    [0, '\u001b[3'],
    [0, '1mred\u001b[0m \u001b]8;;x\u0007link\n'],
  ]
  expect(assembleAt(colours)).toEqual(['\u001b[31mred\u001b[0m \u001b]8;;x\u0007link'])
  expect(assembleAt(colours, { ansi: 'strip' })).toEqual(['red link'])
})
