import { expect, test } from 'vitest'
import { originCheck } from './origin.ts'

const LISTED = 'https://viewer.example'
const check = originCheck([LISTED])

/** `ok`, the origin that CORS answers, or the code of the refusal. */
function verdict(headers: Record<string, string>, method = 'GET'): string {
  try {
    return check({ method, headers: { host: '127.0.0.1:17800', ...headers } }) ?? 'ok'
  } catch (cause) {
    return (cause as { code: string }).code
  }
}

test.each([
  ['127.0.0.1:17800', 'ok'],
  ['10.1.2.3', 'ok'],
  ['[::1]:17800', 'ok'],
  ['localhost:17800', 'ok'],
  ['LocalHost', 'ok'],
  ['localhost.:17800', 'ok'],
  ['runlight.localhost', 'ok'],
  ['api:17800', 'ok'],
  ['runlight-dev_api', 'ok'],
  ['api.runlight.svc.cluster.local:17800', 'ok'],
  ['api.runlight.svc:17800', 'ok'],
  ['host.docker.internal:17800', 'ok'],
  ['nas.home.arpa', 'ok'],
  ['devbox.lan:17800', 'ok'],
  // A listed one, on any port: the proxy in front may have another.
  ['viewer.example', 'ok'],
  ['viewer.example:8443', 'ok'],
  ['', 'ok'],
  ['rebound.example:17800', 'RL_HOST_REFUSED'],
  ['127.0.0.1.rebound.example:17800', 'RL_HOST_REFUSED'],
  ['localhost.rebound.example', 'RL_HOST_REFUSED'],
  ['notlocal.rebound-local', 'RL_HOST_REFUSED'],
  ['other.viewer.example', 'RL_HOST_REFUSED'],
  ['a@127.0.0.1', 'RL_HOST_REFUSED'],
  ['127.0.0.1/x', 'RL_HOST_REFUSED'],
  ["a';b<script>", 'RL_HOST_REFUSED'],
])('host %s: %s', (host, expected) => {
  expect(verdict({ host })).toBe(expected)
  expect(verdict({ host }, 'POST')).toBe(expected)
})

test.each([
  ['http://127.0.0.1:17800', {}, 'ok'],
  ['http://127.0.0.1:3000', {}, 'RL_ORIGIN_REFUSED'],
  ['http://127.0.0.1', {}, 'RL_ORIGIN_REFUSED'],
  ['http://localhost:17800', {}, 'RL_ORIGIN_REFUSED'],
  ['http://localhost:17800', { host: 'localhost:17800' }, 'ok'],
  ['http://[::1]:17800', { host: '[::1]:17800' }, 'ok'],
  // A proxy ends TLS, and passes the host on with or without the port that the scheme has anyway.
  ['https://runlight.local', { host: 'runlight.local' }, 'ok'],
  ['https://runlight.local', { host: 'runlight.local:443' }, 'ok'],
  ['https://runlight.local', { host: 'runlight.local:80' }, 'RL_ORIGIN_REFUSED'],
  // A proxy that gives it another host: the browser itself says whose page it is.
  ['https://runlight.local', { 'sec-fetch-site': 'same-origin' }, 'ok'],
  ['https://runlight.local', { 'sec-fetch-site': 'same-site' }, 'RL_ORIGIN_REFUSED'],
  ['https://runlight.local', {}, 'RL_ORIGIN_REFUSED'],
  [LISTED, {}, LISTED],
  [LISTED, { 'sec-fetch-site': 'cross-site' }, LISTED],
  ['http://viewer.example', {}, 'RL_ORIGIN_REFUSED'],
  ['https://viewer.example.rebound.example', {}, 'RL_ORIGIN_REFUSED'],
  ['null', {}, 'RL_ORIGIN_REFUSED'],
  // A page without a referrer keeps its origin to itself.
  ['null', { 'sec-fetch-site': 'same-origin' }, 'ok'],
  ['chrome-extension://abcdef', {}, 'RL_ORIGIN_REFUSED'],
  ['file://', {}, 'RL_ORIGIN_REFUSED'],
  ['', {}, 'RL_ORIGIN_REFUSED'],
  ['\u0000<script>', {}, 'RL_ORIGIN_REFUSED'],
  // Being listed gives no other name to the API.
  [LISTED, { host: 'rebound.example' }, 'RL_HOST_REFUSED'],
])('origin %j with %j: %s', (origin, headers, expected) => {
  expect(verdict({ origin, ...headers })).toBe(expected)
  expect(verdict({ origin, ...headers }, 'POST')).toBe(expected)
})

test.each([
  // curl, Prometheus; and fetch of Node, which says half of it.
  ['GET', {}, 'ok'],
  ['POST', {}, 'ok'],
  ['POST', { 'sec-fetch-mode': 'cors' }, 'ok'],
  // An address that was typed, a link that was followed.
  ['GET', { 'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' }, 'ok'],
  ['GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }, 'ok'],
  // A picture, a frame, a form of another page.
  ['GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }, 'RL_ORIGIN_REFUSED'],
  ['GET', { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'iframe' }, 'RL_ORIGIN_REFUSED'],
  ['POST', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }, 'RL_ORIGIN_REFUSED'],
  ['GET', { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'image' }, 'ok'],
])('%s without an origin, %j: %s', (method, headers, expected) => {
  expect(verdict(headers, method)).toBe(expected)
})
