import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it.each(['observer', 'collector'])('%s names what is missing in the last line of its log', (service) => {
  const main = fileURLToPath(new URL(`../../${service}/src/main.ts`, import.meta.url))
  const env = { PATH: process.env['PATH'], RUNLIGHT_INSTANCE: '7', RUNLIGHT_LISTEN: '127.0.0.1:0' }
  const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', main], { env, encoding: 'utf8' })
  expect(status).toBe(1)
  expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
    ...{ level: 'fatal', instance: '7', code: 'RL_CONFIG_INVALID' },
    msg: expect.stringContaining('LOG_KAFKA_BROKERS is not set') as string,
    next: expect.stringContaining('docs/environment.md') as string,
  })
})
