import { expect, test } from 'vitest'
import { whereToLook } from './where-to-look.ts'

const others = { temporal: '', temporalUi: 'http://127.0.0.1:17280', prometheus: 'http://127.0.0.1:17090' }

test('commands of the default stack need no address', () => {
  const home = { isDefault: true, env: '/clone/.runlight/env' }
  const where = new Map(whereToLook('local', { ...others, api: 'http://127.0.0.1:17800' }, 'run-1', home))
  expect(where.get('this run')).toBe('npx runlight status run-1')
  expect(where.get('plain Pulumi')).toBe('. ./.runlight/env && pulumi stack output --stack local')
  expect(where.get('take it away')).toBe('npm run down')
})

test('commands of a stack with other ports and a home of its own say where it is', () => {
  const home = { isDefault: false, env: '/elsewhere/env' }
  const where = new Map(whereToLook('dev', { ...others, api: 'http://127.0.0.1:18800' }, 'run-1', home))
  expect(where.get('this run')).toBe('npx runlight --api http://127.0.0.1:18800 status run-1')
  expect(where.get('plain Pulumi')).toBe('. /elsewhere/env && pulumi stack output --stack dev')
  expect(where.get('take it away')).toBe('npm run down -- --stack dev')
})
