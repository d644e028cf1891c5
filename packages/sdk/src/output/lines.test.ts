import { expect, test } from 'vitest'
import { LineAssembler } from './lines.ts'

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
