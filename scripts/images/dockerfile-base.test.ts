import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, it } from 'vitest'
import { temporaryFolder } from '../tools/fixtures/temporary.ts'
import { writeBase } from './dockerfile-base.ts'

const DOCKERFILE = fileURLToPath(new URL('../../Dockerfile', import.meta.url))
const MOVED = `node:22.99.0-bookworm-slim@sha256:${'0'.repeat(64)}`

let file: string
beforeEach(async () => {
  file = join(await temporaryFolder(), 'Dockerfile')
  cpSync(DOCKERFILE, file)
})

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
