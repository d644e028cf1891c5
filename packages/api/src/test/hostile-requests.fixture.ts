// Single hostile requests that random ones seldom hit upon, byte by byte, each with the status of its answer.

import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { TestApi } from './api.fixture.ts'

const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nhost: api\r\nconnection: close\r\n${more}\r\n`

/** `runId` is a run that there is. */
export function hostileRequests(api: () => TestApi, runId: string): void {
  const run = `/workflows/runs/${runId}`
  test.each<[what: string, bytes: string, status: number]>([
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
  ])('%s', async (_, bytes, status) => {
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
  })
}
