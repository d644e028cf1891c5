import { expect, test } from 'vitest'
import { npmRun } from './npm-run.ts'

test('what is advised is for the stack in question', () => {
  expect(npmRun('up', 'local')).toBe('npm run up')
  expect(npmRun('up', 'dev')).toBe('npm run up -- --stack dev')
  expect(npmRun('down', 'local', '--volumes')).toBe('npm run down -- --volumes')
  expect(npmRun('down', 'dev', '--volumes')).toBe('npm run down -- --stack dev --volumes')
})
