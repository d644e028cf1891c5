import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { NEW_ID } from '../../components/component.ts'
import { dataBelow, startScript, type Script } from './start-script.ts'

let mount: string
beforeEach(() => (mount = mkdtempSync(join(tmpdir(), "runlight-it's-"))))
afterEach(() => rmSync(mount, { recursive: true }))

/** A step that notes that it ran, with what it was given. */
const note = (name: string, ...words: string[]) => ({
  name,
  command: ['sh', '-c', 'printf "%s\\n" "$*" >> "$0"', join(mount, 'notes'), name, ...words],
})

function start({ environment, ...script }: Partial<Script> & { environment?: NodeJS.ProcessEnv } = {}): string {
  const text = startScript({
    ...{ mount, initialise: [note('initialise', NEW_ID)], prepare: [note('prepare')], locks: ['lock'] },
    command: ['echo', "it's $HOME"],
    ...script,
  })
  return execFileSync('sh', ['-c', text], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
const notes = () => readFileSync(join(mount, 'notes'), 'utf8').trimEnd().split('\n')

it('initialises once, prepares each time, and becomes the program, its words as they are', () => {
  expect(start()).toBe("it's $HOME\n")
  writeFileSync(join(dataBelow(mount), 'lock'), '')
  start()
  expect(notes()).toEqual([expect.stringMatching(/^initialise [\w-]{22}$/), 'prepare', 'prepare'])
  expect(existsSync(join(dataBelow(mount), 'lock'))).toBe(false)
})

it('makes no id that is read as an option', () => {
  const head = join(mount, 'head')
  writeFileSync(head, `#!/bin/sh\nprintf '\\370aaaaaaaaaaaaaaa'\n`, { mode: 0o755 })
  start({ environment: { PATH: `${mount}:${process.env['PATH']}` } })
  expect(notes()[0]).toMatch(/^initialise AG[\w-]{20}$/)
})

it('gives a step its standard input', () => {
  writeFileSync(join(mount, 'in'), 'spoken')
  const step = { name: 'cat', command: ['cat'], input: join(mount, 'in') }
  expect(start({ prepare: [step] })).toContain('spoken')
})

it('begins an initialisation again that was interrupted', () => {
  expect(() => start({ initialise: [note('half'), { name: 'fail', command: ['false'] }] })).toThrow()
  start()
  expect(notes().map((line) => line.split(' ')[0])).toEqual(['half', 'initialise', 'prepare'])
})

it('never touches files that are not ours', () => {
  mkdirSync(dataBelow(mount))
  writeFileSync(join(dataBelow(mount), 'theirs'), '')
  expect(() => start()).toThrow('holds files, but was not made by Runlight')
  expect(existsSync(join(dataBelow(mount), 'theirs'))).toBe(true)
})
