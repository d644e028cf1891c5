import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { ResolvedTool } from '../tools/resolve.ts'
import { runlightHome } from './home.ts'
import { pulumiVariables, shellFile, withVariables } from './variables.ts'

const pulumi: ResolvedTool = { name: 'pulumi', version: '3.256.0', source: 'cache', bin: {}, home: '/cache/pulumi' }
const apart = runlightHome({ RUNLIGHT_HOME: "/it's here/home" })
const own = { kind: 'own', url: 'file:///state' } as const

test('any shell can source the file, also twice, and has the same environment as our own commands', () => {
  const variables = pulumiVariables(apart, own, pulumi, "/it's here/home/Pulumi.local.yaml")
  const text = shellFile(variables)
  const env = { PATH: '/usr/bin:/bin', PULUMI_CONFIG_PASSPHRASE: 'of another project' }
  const said = execFileSync('sh', ['-eu', '-c', `${text}${text}env`], { env, encoding: 'utf8' })
  const sourced = Object.fromEntries(said.split('\n').map((line) => line.split(/=(.*)/s) as [string, string]))
  for (const [name, value] of Object.entries(withVariables(env, variables))) expect(sourced[name], name).toBe(value)
  expect(sourced).not.toHaveProperty('PULUMI_CONFIG_PASSPHRASE')
  expect(sourced['PATH']).toMatch(/^\/it's here\/home\/pulumi-home\/versions\/3\.256\.0\/bin:.*:\/usr\/bin:\/bin$/)
})

test('only a home of its own names its settings file, which would stand before that of another stack', () => {
  const { set } = pulumiVariables(runlightHome({}), own, pulumi, '/clone/configs/stacks/Pulumi.local.yaml')
  expect(set).not.toHaveProperty('PULUMI_OPTION_CONFIG_FILE')
  expect(pulumiVariables(apart, own, pulumi, '/x.yaml').set['PULUMI_OPTION_CONFIG_FILE']).toBe('/x.yaml')
})

test('with a login elsewhere, neither the backend nor the folder of the login is changed', () => {
  const elsewhere = { kind: 'elsewhere', because: '', pulumiHome: '/home/a/.pulumi' } as const
  const { set } = pulumiVariables(runlightHome({}), elsewhere, pulumi, '/x.yaml')
  expect(Object.keys(set)).not.toEqual(expect.arrayContaining(['PULUMI_BACKEND_URL']))
  expect(Object.keys(set)).not.toEqual(expect.arrayContaining(['PULUMI_HOME']))
})
