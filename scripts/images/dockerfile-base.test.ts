import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { writeBase } from './dockerfile-base.ts'

const DOCKERFILE = fileURLToPath(new URL('../../Dockerfile', import.meta.url))
const MOVED = `node:22.99.0-bookworm-slim@sha256:${'0'.repeat(64)}`

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runlight-base-'))
  file = join(folder, 'Dockerfile')
  cpSync(DOCKERFILE, file)
})
afterEach(() => rmSync(folder, { recursive: true }))

it('names the base that is pinned, and leaves every other line as it is', async () => {
  expect(await writeBase(file, MOVED)).toBe(true)
  const lines = readFileSync(file, 'utf8').split('\n')
  const before = readFileSync(DOCKERFILE, 'utf8').split('\n')
  const changed = lines.filter((line, index) => line !== before[index])
  expect(changed).toEqual([`ARG BASE_IMAGE=${MOVED}`])
  expect(lines).toHaveLength(before.length)
  expect(await writeBase(file, MOVED)).toBe(false)
})

it('refuses a file in which there is no such line', async () => {
  writeFileSync(file, 'FROM node\n')
  await expect(writeBase(file, MOVED)).rejects.toThrow(`${file} has no line ARG BASE_IMAGE=<image>`)
})
