import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../tools/fixtures/temporary.ts'
import { chooseBackend } from './backend.ts'
import { runlightHome } from './home.ts'

const home = runlightHome({})
const own = { kind: 'own', url: `file://${home.backend}` }

test('the state is kept in the clone where nobody is logged in', async () => {
  expect(await chooseBackend(home, { HOME: await temporaryFolder() })).toEqual(own)
})

test('a login elsewhere is kept to', async () => {
  const HOME = await temporaryFolder()
  expect(await chooseBackend(home, { HOME, PULUMI_BACKEND_URL: 's3://state' })).toMatchObject({ kind: 'elsewhere' })
  expect(await chooseBackend(home, { HOME, PULUMI_ACCESS_TOKEN: 'x' })).toMatchObject({ kind: 'elsewhere' })
  const pulumiHome = join(HOME, '.pulumi')
  await mkdir(pulumiHome)
  await writeFile(join(pulumiHome, 'credentials.json'), JSON.stringify({ current: 'https://state.example' }))
  expect(await chooseBackend(home, { HOME })).toEqual({
    kind: 'elsewhere',
    because: 'you are logged in to https://state.example',
    pulumiHome,
  })
  await writeFile(join(pulumiHome, 'credentials.json'), JSON.stringify({ current: '' }))
  expect(await chooseBackend(home, { HOME })).toEqual(own)
})

test('a shell that sourced our own environment file is not logged in elsewhere', async () => {
  const HOME = await temporaryFolder()
  const sourced = { HOME, PULUMI_HOME: '/other/pulumi-home', PULUMI_BACKEND_URL: 'file:///other/pulumi' }
  expect(await chooseBackend(home, { ...sourced, RUNLIGHT_BACKEND_URL: 'file:///other/pulumi' })).toEqual(own)
})

test('a home of its own keeps its own state, whatever login there is', async () => {
  const apart = runlightHome({ RUNLIGHT_HOME: '/somewhere/else' })
  const env = { HOME: await temporaryFolder(), PULUMI_ACCESS_TOKEN: 'x', PULUMI_BACKEND_URL: 's3://state' }
  expect(await chooseBackend(apart, env)).toEqual({ kind: 'own', url: 'file:///somewhere/else/pulumi' })
})
