import { expect, test } from 'vitest'
import { apiAddress, givenAddress, verifiedAddress } from './context.ts'

test('the address that is named first, else the one of npm run up', () => {
  const env = { RUNLIGHT_API_URL: 'https://runlight.example/api' }
  expect(apiAddress('http://127.0.0.1:1', env)).toBe('http://127.0.0.1:1')
  expect(apiAddress(undefined, env)).toBe('https://runlight.example/api')
  expect(givenAddress(undefined, { RUNLIGHT_API_URL: '' })).toBeUndefined()
  expect(apiAddress(undefined, {})).toBe('http://127.0.0.1:17800')
})

test('a slash at the end of an address is none of it, so that paths can follow', () => {
  expect(apiAddress('http://127.0.0.1:17800/', {})).toBe('http://127.0.0.1:17800')
  expect(apiAddress(undefined, { RUNLIGHT_API_URL: 'https://runlight.example/api//' })).toBe(
    'https://runlight.example/api',
  )
})

test('beside a stack that is named, RUNLIGHT_API_URL does not say which API is verified, and --api does', () => {
  const env = { RUNLIGHT_API_URL: 'http://127.0.0.1:18800' }
  expect(verifiedAddress('dev', undefined, env)).toBeUndefined()
  expect(verifiedAddress('dev', 'http://127.0.0.1:1', env)).toBe('http://127.0.0.1:1')
  expect(verifiedAddress(undefined, undefined, env)).toBe('http://127.0.0.1:18800')
})

test.each([
  ['garbage', 'must be an http address'],
  ['127.0.0.1:17800', 'must be an http address'],
  ['http://', 'must be an http address'],
  ['http:///runs', 'must be an http address'],
  ['ftp://example', 'must be an http address'],
  ['http://me:secret@example', 'must have no user and no password'],
  ['http://example/?org=acme', 'must end with the path'],
])('%s is no address: %s', (text, message) => {
  const refused = (option: string | undefined, name: string) => {
    const told = expect.stringMatching(new RegExp(`^${name} ${message}`)) as string
    const act = () => apiAddress(option, { RUNLIGHT_API_URL: text })
    expect(act).toThrow(expect.objectContaining({ exitCode: 2, message: told }) as Error)
    expect(act).not.toThrow('secret')
  }
  refused(undefined, 'RUNLIGHT_API_URL')
  refused(text, '--api')
})
