import { readFileSync } from 'node:fs'
import semver from 'semver'
import { expect, test } from 'vitest'
import { sourceOrder } from './sources/all.ts'
import { currentPlatform, toolNames, toolPins, toolsForStack } from './versions.ts'

const pins = toolPins()

test('configs/versions.json pins exactly the tools that the code knows', () => {
  expect(Object.keys(pins).sort()).toEqual([...toolNames].sort())
})

test.each(toolNames)('the pin of %s is complete', (name) => {
  const pin = pins[name]
  expect(semver.valid(pin.version)).toBe(pin.version)
  expect(pin.note).not.toBe('')
  expect(pin.binaries.length).toBeGreaterThan(0)
  for (const need of pin.runsOn ?? []) expect(toolNames).toContain(need)
  // A tool is recognised on PATH by a version in a range, or stands beside one that is.
  if (pin.besides) expect(toolNames).toContain(pin.besides)
  else {
    expect(semver.validRange(pin.accepts)).not.toBeNull()
    expect(semver.satisfies(pin.version, pin.accepts ?? '')).toBe(true)
    expect(new RegExp(pin.probe?.pattern ?? '').source).toContain('(')
  }
  // What no source gets, a person must be told to install.
  if (pin.sources.length === 0) expect(pin.install).toBeTypeOf('string')
})

test.each(toolNames)('the sources of %s are pinned and of a known kind', (name) => {
  for (const recipe of pins[name].sources) {
    expect(sourceOrder).toContain(recipe.kind)
    expect(recipe.megabytes).toBeGreaterThan(0)
    if (recipe.kind === 'go-module') expect(recipe.version).toMatch(/^v\d+\.\d+\.\d+$/)
    if (recipe.kind === 'maven') expect([recipe.plugin, ...recipe.artifacts].join(' ')).toMatch(/^(\S+:\S+:[\d.]+ ?)+$/)
    if (recipe.kind === 'pypi-wheel')
      for (const hash of Object.values(recipe.sha256)) expect(hash).toMatch(/^[0-9a-f]{64}$/)
    if (recipe.kind === 'npm-package') expect(Object.keys(recipe.integrity)).toEqual(Object.keys(recipe.package))
  }
})

test('the pinned CLI is the version of npm’s wrapper, so that npx pulumi downloads nothing', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    dependencies: Record<string, string>
  }
  expect(manifest.dependencies['pulumi']).toBe(pins.pulumi.version)
})

test('a stack gets the tools of its environment, which its name begins with', () => {
  expect(toolsForStack('local-e2e')).toEqual(toolsForStack('local'))
  expect(toolsForStack('local')).toContain('loki')
  expect(toolsForStack('dev')).not.toContain('loki')
  for (const stack of ['local', 'dev', 'staging', 'prod'])
    for (const name of toolsForStack(stack)) expect(toolNames).toContain(name)
})

test('only Linux on x64 and arm64 has pinned files', () => {
  expect(currentPlatform('linux', 'x64')).toBe('linux-x64')
  expect(currentPlatform('linux', 'arm64')).toBe('linux-arm64')
  expect(currentPlatform('darwin', 'arm64')).toBeUndefined()
})
