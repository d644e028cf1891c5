import { RunlightError } from '@runlight/contracts/errors'
import { expect, test } from 'vitest'
import { Redactor } from './redactor.ts'
import type { RedactionSettings } from './redactor.ts'

function redact(text: string, settings?: RedactionSettings) {
  const rules: Record<string, number> = {}
  const clean = new Redactor(settings).text(text, (rule, count) => (rules[rule] = (rules[rule] ?? 0) + count))
  return { clean, rules }
}

function redactJson(value: unknown, settings?: RedactionSettings) {
  const rules: Record<string, number> = {}
  const json = new Redactor(settings).json(JSON.stringify(value), (rule, count) => {
    rules[rule] = (rules[rule] ?? 0) + count
  })
  return { clean: JSON.parse(json) as unknown, rules }
}

// Put together here, so that a scanner of repositories finds no secret in this file.
const AWS_KEY = ['AKIA', 'IOSFODNN7EXAMPLE'].join('')
const GITHUB = ['ghp', 'a'.repeat(36)].join('_')
const JWT = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0In0', 'c2lnbmF0dXJl'].join('.')
const KEY = ['-----BEGIN RSA PRIVATE', 'KEY-----\nMIIEow\nAAAA\n-----END RSA PRIVATE', 'KEY-----'].join(' ')

test.each([
  ['Authorization: Bearer abc.def-123 sent', 'Authorization: Bearer [redacted] sent', 'authorization'],
  ['{"authorization":"Basic dXNlcjpwYXNz"}', '{"authorization":"Basic [redacted]"}', 'authorization'],
  ["-H 'Authorization: token abcdef'", "-H 'Authorization: token [redacted]'", 'authorization'],
  ['with bearer abcdefghijklmnop0123', 'with bearer [redacted]', 'bearer'],
  [`id ${JWT}, ok`, 'id [redacted], ok', 'jwt'],
  [`key ${AWS_KEY} of`, 'key [redacted] of', 'aws-key'],
  [`AWS_SECRET_ACCESS_KEY=abc/def+ghi`, 'AWS_SECRET_ACCESS_KEY=[redacted]', 'assignment'],
  [`push with ${GITHUB}`, 'push with [redacted]', 'vendor-token'],
  [`read ${KEY} done`, KEY.replace(/-----\n[\s\S]*\n-----/, '-----[redacted]-----'), 'private-key'],
  ['postgres://app:hunter2@db:5432/x', 'postgres://app:[redacted]@db:5432/x', 'url-password'],
  ['redis://:p@ss@cache', 'redis://:[redacted]@cache', 'url-password'],
  ['password=hunter2 user=me', 'password=[redacted] user=me', 'assignment'],
  ['DB_PASSWORD: "hunter 2"', 'DB_PASSWORD: "[redacted]"', 'assignment'],
  [
    String.raw`{\"client_secret\":\"abc\",\"a\":1}`,
    String.raw`{\"client_secret\":\"[redacted]\",\"a\":1}`,
    'assignment',
  ],
  ['{"apiKey":"a\\"b","n":1}', '{"apiKey":"[redacted]","n":1}', 'assignment'],
  ['run --db-password hunter2 --verbose', 'run --db-password [redacted] --verbose', 'assignment'],
  ['GET /cb?access_token=abcdef&x=1', 'GET /cb?access_token=[redacted]&x=1', 'assignment'],
  ['Set-Cookie: sid=abc; HttpOnly', 'Set-Cookie: [redacted]', 'cookie'],
])('%s', (text, expected, rule) => {
  const { clean, rules } = redact(text)
  expect(clean).toContain(expected)
  expect(rules).toEqual({ [rule]: 1 })
  expect(redact(clean)).toEqual({ clean, rules: {} })
})

test.each([
  'Unexpected token: } in JSON at position 3',
  'used 512 tokens in 3 requests, tokenCount=12',
  'password is not set; token: null, secret=undefined',
  'see https://example.com/a@b and mail me@example.com',
  'the bearer of this letter, a secret garden',
  'http://host:8080/path?x=1',
  'basic authorization is off',
])('%s stays as it is', (text) => {
  expect(redact(text)).toEqual({ clean: text, rules: {} })
})

test('several secrets in one line are several values', () => {
  const { clean, rules } = redact(`password=a1b2 password=c3d4 ${AWS_KEY} ${AWS_KEY}`)
  expect(clean).toBe('password=[redacted] password=[redacted] [redacted] [redacted]')
  expect(rules).toEqual({ assignment: 2, 'aws-key': 2 })
})

test('JSON: values of secret fields and secrets in strings, in any depth; all else is the same', () => {
  const { clean, rules } = redactJson({
    user: 'me',
    dbPassword: 'hunter2',
    headers: { Authorization: 'Bearer x', 'x-api-key': 12345, Cookie: ['a=1'], accept: '*/*' },
    list: [{ credentials: { id: 1, key: 'x' } }, `see ${JWT}`, 'postgres://a:b@c'],
    tokenCount: 7,
    nextToken: '',
    hasSecret: true,
    secret: null,
    big: 1.5e300,
  })
  expect(clean).toEqual({
    user: 'me',
    dbPassword: '[redacted]',
    headers: { Authorization: '[redacted]', 'x-api-key': '[redacted]', Cookie: '[redacted]', accept: '*/*' },
    list: [{ credentials: '[redacted]' }, 'see [redacted]', 'postgres://a:[redacted]@c'],
    tokenCount: 7,
    nextToken: '',
    hasSecret: true,
    secret: null,
    big: 1.5e300,
  })
  expect(rules).toEqual({ key: 5, jwt: 1, 'url-password': 1 })
})

test('a field named __proto__ is a field', () => {
  const json = '{"__proto__":{"password":"x"},"a":1}'
  expect(new Redactor().json(json, () => undefined)).toBe('{"__proto__":{"password":"[redacted]"},"a":1}')
})

test('what is too deep to be searched is left out rather than let out', () => {
  const depth = 100_000
  const json = `${'['.repeat(depth)}"password=hunter2"${']'.repeat(depth)}`
  const rules: string[] = []
  expect(new Redactor().json(json, (rule) => rules.push(rule))).not.toContain('hunter2')
  expect(rules).toEqual(['unreadable'])
})

test('own keys in any spelling, also short and foreign ones', () => {
  const settings = { keys: ['credit_card', 'k', 'пароль'] }
  const { clean } = redactJson({ creditCard: '1', 'Credit-Card': '2', K: '3', пароль: '4', cardCredit: '5' }, settings)
  expect(clean).toEqual({
    creditCard: '[redacted]',
    'Credit-Card': '[redacted]',
    K: '[redacted]',
    пароль: '[redacted]',
    cardCredit: '5',
  })
})

test.each([undefined, 'emp-'])('own patterns, with the literal %s', (literal) => {
  const pattern = { name: 'employee', pattern: 'EMP-[0-9]{4}|x*', ...(literal !== undefined && { literal }) }
  const settings = { patterns: [pattern] }
  expect(redact('seen EMP-1234, EMP-5678', settings)).toEqual({
    clean: 'seen [redacted], [redacted]',
    rules: { employee: 2 },
  })
  expect(redactJson({ a: ['EMP-1234'] }, settings).clean).toEqual({ a: ['[redacted]'] })
})

test('without the defaults only what is named is redacted', () => {
  expect(redact('password=hunter2', { defaults: false }).clean).toBe('password=hunter2')
  expect(redactJson({ password: 'x', ssn: 'y' }, { defaults: false, keys: ['ssn'] }).clean).toEqual({
    password: 'x',
    ssn: '[redacted]',
  })
})

test.each([
  [{ name: 'look', pattern: '(?=a)b' }, 'pattern look is not a regular expression of RE2'],
  [{ name: 'A b', pattern: 'a' }, 'the name of pattern A b must be'],
  [{ name: 'a', pattern: 'a', literal: 'x' }, 'the literal of pattern a must be'],
  [{ name: 'a', pattern: 'a', literal: 'say "x"' }, 'the literal of pattern a must be'],
])('%j is refused', (pattern, message) => {
  expect(() => new Redactor({ patterns: [pattern] })).toThrow(RunlightError)
  expect(() => new Redactor({ patterns: [pattern] })).toThrow(message)
})

// A pattern whose cost grew with the square of the length would need hours for these.
const LENGTH = 1024 * 1024
const BEGINNINGS = [
  ...['a', ' ', '-', '"', '\\', ':', '@', 'password', 'password ', 'password=', 'password="', 'secret\\\\\\', 'api_'],
  ...['token:', '-token ', 'bearer ', 'Bearer aaaaaaaaaaaaaaaa-', 'eyJaaaaa.', '.eyJaaaaa-', 'eyJaaaaa.eyJ', 'AKIA'],
  ...['://', '://a:', '://a:b', 'http://a', '-----BEGIN ', '-----BEGIN PRIVATE', '-----BEGIN PRIVATE KEY-----', 'ghp_'],
  ...[
    'github_pat_',
    'authorization',
    'authorization:',
    'authorization: basic ',
    'cookie:',
    "cookie:'",
    'xoxb-',
    'sk-ant-',
  ],
]
test.each(BEGINNINGS)('a megabyte of %j are done', (beginning) => {
  const text = beginning.repeat(Math.ceil(LENGTH / beginning.length))
  const redactor = new Redactor()
  for (const worst of [text, `password ${text}`, `-----BEGIN ${text} :// @`]) redactor.text(worst, () => undefined)
})

test('an own pattern that would take a backtracking engine for ever is done', () => {
  const redactor = new Redactor({ patterns: [{ name: 'own', pattern: '(a+)+$|(a|aa)*!' }] })
  redactor.text(`${'a'.repeat(LENGTH)}b`, () => undefined)
})
