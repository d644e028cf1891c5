// The pages at /docs: all of the API is there, nothing else is asked for, and a browser shows it.

import { request } from 'node:http'
import type { Problem } from '@runlight/contracts/api'
import { ERROR_CODES } from '@runlight/contracts/errors'
import type { ErrorCode } from '@runlight/contracts/errors'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, openTab, startChromium } from '../../../../regression/fixtures/chromium.ts'
import type { TestPostgres } from '../../../../regression/fixtures/postgres.ts'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { curlLine, operationGroups, refusalCodes } from './operations.ts'
import type { ApiDocument, Operation } from './operations.ts'

let api: TestApi
let operations: Operation[]

beforeAll(async () => {
  // The pages need no store.
  api = await startTestApi({ url: (role: string) => new URL(`postgres://${role}@127.0.0.1:9/none`) } as TestPostgres)
  const document = await api.get<ApiDocument>('/openapi.json')
  operations = operationGroups(document).flatMap((group) => group.operations)
})
afterAll(() => api?.stop())

const page = async (path: string) => {
  const response = await fetch(new URL(path, api.url))
  return { response, text: await response.text() }
}
const entities: Readonly<Record<string, string>> = {
  '&': '&#38;',
  "'": '&#39;',
  '"': '&#34;',
  '<': '&#60;',
  '>': '&#62;',
}
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => entities[character] as string)

test('every route, its parameters, refusals and a line for curl', async () => {
  const { response, text } = await page('/docs')
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(operations.length).toBeGreaterThan(20)
  for (const operation of operations) {
    const { operationId, path, parameters, responses } = operation
    const from = text.indexOf(`<h3 id="${operationId}">`)
    const own = text.slice(from, text.indexOf('</article>', from))
    expect(own).toContain(`<code>${path}</code>`)
    expect(own).toContain(escaped(curlLine(operation, api.url)))
    for (const { name } of parameters) expect(own).toContain(`<code>${name}</code>`)
    for (const refusal of Object.values(responses).flatMap(refusalCodes)) expect(own).toContain(`>${refusal}</a>`)
  }
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const [, id] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(id)
})

test('every code that an answer can have, where the answer says', async () => {
  const { text } = await page('/docs/errors')
  for (const [code, { status }] of Object.entries<ErrorCode>(ERROR_CODES)) {
    expect(text.includes(`id="${code.toLowerCase()}"`)).toBe(status !== undefined)
  }
  const refusal = (await (await fetch(new URL('/nothing', api.url))).json()) as Problem
  const { pathname, hash } = new URL(refusal.type, api.url)
  expect([pathname, text.includes(`id="${hash.slice(1)}"`)]).toEqual(['/docs/errors', true])
})

test('what a reader sends as its host is not repeated where it is no address', async () => {
  const { text } = await page('/docs')
  expect(text).toContain(`curl &#39;${api.url}/`)
  const answer = await new Promise<string>((resolve, reject) => {
    request(new URL('/docs', api.url), { headers: { host: `a';b<script>` } }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece))
      response.on('end', () => resolve(body))
    })
      .on('error', reject)
      .end()
  })
  expect(answer).not.toContain('script')
})

const executable = findChromium()

describe.skipIf(!executable)('in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startChromium(executable as string)
  })
  afterAll(() => browser?.close())

  test.each([
    { width: 1280, colorScheme: 'light' },
    { width: 400, colorScheme: 'dark' },
  ] as const)('$width pixels wide, $colorScheme: every route is seen, and nothing else is asked for', async (look) => {
    const { width, colorScheme } = look
    const tab = await openTab(browser, { viewport: { width, height: 900 }, colorScheme })
    const asked: string[] = []
    const complaints: string[] = []
    tab.on('request', (request) => asked.push(request.url()))
    tab.on('console', (message) => complaints.push(message.text()))
    await tab.goto(`${api.url}/docs`, { waitUntil: 'networkidle' })
    for (const { operationId, path } of operations) {
      const heading = tab.locator(`#${operationId}`)
      expect(await heading.isVisible()).toBe(true)
      expect(await heading.innerText()).toContain(path)
    }
    const fits = await tab.evaluate('document.documentElement.scrollWidth <= innerWidth')
    expect(fits).toBe(true)
    const back = await tab.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(back).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 23, 27)')
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([`${api.url}/docs`])
    expect(complaints).toEqual([])
    await tab.close()
  })

  test('with the keyboard: to the content, and to a route', async () => {
    const tab = await openTab(browser)
    await tab.goto(`${api.url}/docs`)
    await tab.keyboard.press('Tab')
    expect(await tab.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await tab.keyboard.press('Enter')
    // A page is told of where it went after the key has been taken.
    const place = () => new URL(tab.url()).hash
    await expect.poll(place).toBe('#main')
    await tab.reload()
    const first = operations[0] as Operation
    const link = tab.locator(`nav a[href="#${first.operationId}"]`)
    await link.focus()
    expect(await tab.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
    await tab.keyboard.press('Enter')
    await expect.poll(place).toBe(`#${first.operationId}`)
    await tab.close()
  })
})
