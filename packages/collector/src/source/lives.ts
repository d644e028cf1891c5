// The files that one log consists of: the one that is written to, and those that rotation has made of it.

import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { FilePosition, Head } from './line-source.ts'

/** Enough for a time stamp and some words, which two lives of a log don't share. */
const HEAD_BYTES = 512

/** A file of a log as it was a moment ago. */
export interface Life {
  path: string
  inode: string
  size: number
  head: Head
}

/** By what a finished file is remembered: it keeps its inode when it is renamed. */
export function keyOf({ inode, head }: Pick<Life, 'inode' | 'head'>): string {
  return `${inode}:${head.digest.slice(0, 16)}`
}

export const NO_HEAD: Head = { bytes: 0, digest: '' }

/** Rotations are seconds apart; each takes about as long as a look. */
const MAX_LOOKS = 10

/**
 * Files of the log, the oldest first: `name.3`, `name.2`, `name.1`, `name`. While they are renamed, one look can miss a
 * file that is there all the time, and what is unread of it would be passed over: so two looks have to agree.
 */
export async function livesOf(path: string): Promise<Life[]> {
  let lives = await lookAt(path)
  for (let looks = 1; looks < MAX_LOOKS; looks++) {
    const again = await lookAt(path)
    if (areSame(lives, again)) return again
    lives = again
  }
  return lives
}

function areSame(lives: readonly Life[], others: readonly Life[]): boolean {
  return (
    lives.length === others.length &&
    lives.every(({ path, inode }, index) => path === others[index]?.path && inode === others[index].inode)
  )
}

async function lookAt(path: string): Promise<Life[]> {
  const name = basename(path)
  const names = await readdir(dirname(path)).catch(() => [])
  const numbered = names.flatMap((candidate) => {
    if (candidate === name) return [{ candidate, age: 0 }]
    const age = candidate.startsWith(`${name}.`) ? Number(candidate.slice(name.length + 1)) : NaN
    return Number.isInteger(age) && age > 0 ? [{ candidate, age }] : []
  })
  numbered.sort((a, b) => b.age - a.age)
  const lives: Life[] = []
  for (const { candidate } of numbered) {
    const life = await lifeAt(join(dirname(path), candidate))
    if (life) lives.push(life)
  }
  return lives
}

/** The file at a path; undefined when there is none. */
export async function lifeAt(path: string): Promise<Life | undefined> {
  const file = await openOrUndefined(path)
  if (!file) return undefined
  try {
    const { size, ino } = await file.stat({ bigint: true })
    return { path, inode: String(ino), size: Number(size), head: await headOf(file) }
  } finally {
    await file.close()
  }
}

/** @throws what opening gives, other than that there is no such file */
export async function openOrUndefined(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The head of an open file: its first bytes, or the first `bytes` of them. */
export async function headOf(file: FileHandle, bytes = HEAD_BYTES): Promise<Head> {
  const buffer = Buffer.alloc(bytes)
  const { bytesRead } = await file.read(buffer, 0, bytes, 0)
  if (bytesRead === 0) return NO_HEAD
  return { bytes: bytesRead, digest: createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex') }
}

/** Whether a head may still grow. */
export function isWholeHead(head: Head): boolean {
  return head.bytes >= HEAD_BYTES
}

/**
 * Index of the file that a position is in: the file itself, under whatever name, else a whole copy of it that was not
 * finished before; -1 when it is gone.
 */
export async function indexOf(lives: readonly Life[], position: FilePosition): Promise<number> {
  const isSame = ({ inode }: Life): boolean => inode === position.inode
  for (const [index, life] of lives.entries())
    if (isSame(life) && (await holds(life, position.head, position.offset))) return index
  if (position.head.bytes === 0) return -1
  for (const [index, life] of lives.entries()) {
    if (!isSame(life) && !position.past.includes(keyOf(life)) && (await holds(life, position.head, position.offset)))
      return index
  }
  return -1
}

/** Whether a file begins with this head, and is `size` bytes long or longer. */
export async function holds(life: Life, head: Head, size: number): Promise<boolean> {
  if (life.size < size || life.head.bytes < head.bytes) return false
  if (head.bytes === 0) return true
  if (life.head.bytes === head.bytes) return life.head.digest === head.digest
  const file = await openOrUndefined(life.path)
  if (!file) return false
  try {
    return (await headOf(file, head.bytes)).digest === head.digest
  } finally {
    await file.close()
  }
}
