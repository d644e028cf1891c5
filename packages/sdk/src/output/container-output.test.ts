import { expect, test } from 'vitest'
import { ContainerOutput } from './container-output.ts'

function frame(type: number, payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload)
  const header = Buffer.alloc(8)
  header[0] = type
  header.writeUInt32BE(bytes.length, 4)
  return Buffer.concat([header, bytes])
}

function read(bytes: Buffer, size = bytes.length) {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  const output = new ContainerOutput(
    (chunk) => stdout.push(Buffer.from(chunk)),
    (chunk) => stderr.push(Buffer.from(chunk)),
  )
  for (let at = 0; at < bytes.length; at += size) output.push(bytes.subarray(at, at + size))
  const whole = output.end()
  return { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), whole }
}

test('frames are taken apart, wherever the chunks are split', () => {
  const smile = Buffer.from('😀')
  const bytes = Buffer.concat([
    frame(1, 'one\n'),
    frame(2, 'careful\n'),
    frame(0, 'typed\n'),
    frame(1, smile.subarray(0, 2)),
    frame(2, ''),
    frame(3, 'engine\n'),
    frame(1, smile.subarray(2)),
  ])
  const expected = { stdout: 'one\ntyped\n😀', stderr: 'careful\nengine\n', whole: true }
  for (let size = 1; size <= bytes.length; size++) expect(read(bytes, size)).toEqual(expected)
})

test('a container with a terminal has no frames: all is stdout', () => {
  for (const text of ['$ ls\r\n', 'a', '', '\u0001abc\u0002defghijk']) {
    for (let size = 1; size <= Math.max(1, text.length); size++) {
      expect(read(Buffer.from(text), size)).toEqual({ stdout: text, stderr: '', whole: true })
    }
  }
})

test('output that ends inside of a frame is not whole', () => {
  expect(read(frame(1, 'lost half').subarray(0, 12))).toEqual({ stdout: 'lost', stderr: '', whole: false })
  expect(read(Buffer.concat([frame(1, 'x'), Buffer.from([1, 0])]))).toMatchObject({ stdout: 'x', whole: false })
})

test('what is no frame after frames is refused, not guessed at', () => {
  expect(() => read(Buffer.concat([frame(1, 'x'), Buffer.from('garbage!')]))).toThrow(
    expect.objectContaining({ code: 'RL_CONTAINER_OUTPUT_INVALID' }),
  )
})
