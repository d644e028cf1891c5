import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../tools/fixtures/temporary.ts'
import { examine } from './examine.ts'

test('on a bare machine, each missing thing is told with what needs it and what to do', async () => {
  const root = await temporaryFolder()
  const { findings, ok, disk } = await examine('local', { cache: join(root, 'cache'), env: { PATH: root } })
  const finding = (name: string) => findings.find((each) => each.name === name)
  expect(ok).toBe(false)
  expect(finding('maven')).toMatchObject({ neededBy: ['kafka'] })
  expect(finding('kafka')).toMatchObject({ neededBy: ['the stack'] })
  expect(finding('loki')).toMatchObject({ state: 'obtainable', found: 'to be got as release of the project itself' })
  expect(finding('postgres')).toMatchObject({ state: 'missing', neededBy: ['the stack'] })
  expect(finding('postgres')?.found).toContain('to get it as npm package, npm must be there')
  expect(finding('postgres')).not.toHaveProperty('next')
  expect(finding('npm')).toMatchObject({ state: 'missing', neededBy: ['postgres'] })
  expect(finding('k6')).toBeUndefined()
  expect(disk.freeMegabytes).toBeGreaterThan(0)
})

test('with the tools that fetch others, the rest is obtainable and nothing is missing', async () => {
  const root = await temporaryFolder()
  const { findings, ok, disk } = await examine('local', { cache: join(root, 'cache'), env: process.env })
  expect(ok).toBe(true)
  expect(findings.find((each) => each.name === 'temporal')).toMatchObject({
    state: 'obtainable',
    found: 'to be got as release of the project itself or Python package',
  })
  expect(disk.neededMegabytes).toBeGreaterThan(400)
})

test('what fetches others is not needed where nothing is left to fetch', async () => {
  const root = await temporaryFolder()
  const { findings } = await examine('dev', { cache: join(root, 'cache'), env: { PATH: root } })
  expect(findings.find((each) => each.name === 'maven')).toMatchObject({ state: 'unneeded', neededBy: [] })
})
