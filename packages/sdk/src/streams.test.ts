import { expect, test } from 'vitest'
import { StreamRegistry } from './streams.ts'
import type { StreamName } from './streams.ts'

test('standard streams, terminal, agent and what was registered are known', () => {
  const registry = new StreamRegistry(['build'])
  for (const name of ['stdout', 'stderr', 'system', 'terminal', 'agent', 'build']) expect(registry.has(name)).toBe(true)
  expect(() => registry.demand('build')).not.toThrow()
})

test('another one is refused by name, with those that are known', () => {
  expect(() => new StreamRegistry().demand('build')).toThrow(
    expect.objectContaining({ code: 'RL_STREAM_UNREGISTERED', message: expect.stringContaining('"build"') }),
  )
  // @ts-expect-error the compiler refuses it too
  const name: StreamName = 'build'
  expect(name).toBe('build')
})

test.each(['', 'Build', '1st', 'a b', 'x'.repeat(33)])('%j cannot be a stream', (name) => {
  expect(() => new StreamRegistry([name])).toThrow(expect.objectContaining({ code: 'RL_CONFIG_INVALID' }))
})
