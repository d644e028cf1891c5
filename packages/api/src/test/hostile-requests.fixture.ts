// Single hostile requests that random ones seldom hit upon, byte by byte, each with the status of its answer.

import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { TestApi } from './api.fixture.ts'

const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nhost: api\r\nconnection: close\r\n${more}\r\n`

const post = (target: string, more = '', body = '') =>
  `POST ${target} HTTP/1.1\r\nhost: api\r\nconnection: close\r\n${more}` +
  `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

const start = (runId: string) => post('/workflows/runs', 'content-type: application/json\r\n', `{"runId":"${runId}"}`)
const taskRun = (...parts: string[]) => get(`/api/v1/logs/task-runs/${parts.join('%2F')}`)

/** As many digits as no number has, and half of a character as JSON writes it. */
const DIGITS = '9'.repeat(400)
const HALF = '\\ud800'

/** `runId` is a run that there is. */
export function hostileRequests(api: () => TestApi, runId: string): void {
  const run = `/workflows/runs/${runId}`
  test.each<[what: string, bytes: string, status: number, parameter?: string]>([
    ['more days than 64 bits hold, of runs', get('/workflows/runs?since=999999d'), 200],
    ['the same of lines', get(`${run}/logs?since=999999d`), 200],
    ['an address that is no address', get('//'), 404],
    ['the same for a WebSocket', get('//').replace('close', 'upgrade\r\nupgrade: websocket'), 400],
    ['a byte 0 in the address', get('/workflows/runs/a\0b/status'), 400],
    ['a byte 0 in a name', get('/workflows/runs/a%00b/status'), 400],
    ['a byte 0 in a value', get(`${run}/logs?nodeRef=%00`), 400],
    ['a head of a megabyte', get('/workflows/runs', `x: ${'x'.repeat(1_048_576)}\r\n`), 431],
    ['a limit below 0', get('/workflows/runs?limit=-1'), 400],
    ['a limit beyond all numbers', get(`/workflows/runs?limit=${'9'.repeat(400)}`), 400],
    ['a limit with an exponent', get('/workflows/runs?limit=1e2'), 400],
    ['digits that are none of ASCII', get(`/workflows/runs?limit=${encodeURIComponent('１０')}`), 400],
    ['Arabic digits in a time', get(`/workflows/runs?since=${encodeURIComponent('١٥m')}`), 400],
    ['an execution beyond its column', taskRun('run', '99999999999', 'build', '1'), 400, 'id'],
    ['an execution beyond all numbers', taskRun('run', DIGITS, 'build', '1'), 400, 'id'],
    ['an attempt beyond its column', taskRun('run', '1', 'build', '99999999999'), 400, 'id'],
    ["a byte 0 in a task run's run", taskRun('a%00b', '1', 'build', '1'), 400, 'id'],
    ["a byte 0 in a task run's node", taskRun('run', '1', '%00', '1'), 400, 'id'],
    ["a task run's run that is too long", taskRun('x'.repeat(257), '1', 'build', '1'), 400, 'id'],
    ['a task run of none', taskRun('run', '1', 'build'), 400, 'id'],
    ['an offset beyond all numbers', get(`/api/v1/logs/job-runs/${runId}?offset=${DIGITS}`), 400, 'offset'],
    ['the same of runs in Loki', get(`${run}/loki?attempt=${DIGITS}`), 400, 'attempt'],
    ['a byte 0 in a run in Loki', get('/workflows/runs/a%00b/loki'), 400, 'runId'],
    ['a byte 0 in a letter', get('/api/v1/dead-letters/a%00b'), 400, 'id'],
    ['a letter whose id is too long', post(`/api/v1/dead-letters/${'x'.repeat(300)}/replay`), 400, 'id'],
    ['a byte 0 in what is cancelled', post('/workflows/runs/a%00b/cancel'), 400, 'runId'],
    ['a run too long to be cancelled', post(`/workflows/runs/${'x'.repeat(257)}/cancel`), 400, 'runId'],
    ['half a character to start', start(HALF), 400, 'runId'],
    ['half a character in a long name to start', start(`${HALF}${'a'.repeat(60)}`), 400, 'runId'],
    ['its other half to start', start('a\\udc00'), 400, 'runId'],
    ['a name with more bytes than Temporal takes to start', start('\u{1f4a9}'.repeat(251)), 400, 'runId'],
  ])('%s', async (_, bytes, status, parameter) => {
    const { hostname, port } = new URL(api().url)
    const socket = connect(Number(port), hostname)
    // A server that has refused a head does not take the rest of it.
    socket.on('error', () => undefined)
    let answer = ''
    socket.setEncoding('latin1').on('data', (piece) => (answer += String(piece)))
    const closed = once(socket, 'close')
    socket.write(bytes)
    await closed
    expect(answer.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    if (parameter !== undefined) expect(answer).toContain(`"parameter":"${parameter}"`)
  })
}
