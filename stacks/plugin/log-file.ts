import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'

const TAIL_BYTES = 16 * 1024
const TAIL_LINES = 20

/** Size in bytes; 0 when there is no file yet. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The last lines that were written after byte `from`, for the message of an error. */
export function lastLines(path: string, from: number): string {
  let file
  try {
    file = openSync(path, 'r')
  } catch {
    return '(it wrote nothing)'
  }
  try {
    const { size } = fstatSync(file)
    const start = Math.max(from, size - TAIL_BYTES)
    const buffer = Buffer.alloc(Math.max(0, size - start))
    readSync(file, buffer, 0, buffer.length, start)
    const lines = buffer.toString('utf8').trimEnd().split('\n').slice(-TAIL_LINES)
    return lines.join('\n') || '(it wrote nothing)'
  } finally {
    closeSync(file)
  }
}
