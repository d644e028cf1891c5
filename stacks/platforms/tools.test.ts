import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readTools } from './tools.ts'

const home = mkdtempSync(join(tmpdir(), 'runlight-tools-'))
const loki = { name: 'loki', version: '3.7.8', bin: { loki: '/tools/loki' } }
beforeAll(() => writeFileSync(join(home, 'tools.json'), JSON.stringify({ tools: { loki } })))
afterAll(() => rmSync(home, { recursive: true }))

it('gives a tool as set-up has written it down', () => {
  expect(readTools(home)('loki')).toEqual(loki)
})

it('says of one that set-up does not bring that it runs in containers only', () => {
  expect(() => readTools(home)('grafana')).toThrow(/tools\.json lists no tool grafana\..*it runs in containers only/)
})

it('says what to do where set-up was never run', () => {
  expect(() => readTools(join(home, 'nowhere'))).toThrow('Run `npm run setup` first.')
})
