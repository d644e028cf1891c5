import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { lokiHealth, lokiVersion } from './loki.ts'
import { componentPages } from './pages.ts'

/** Listens, and accepts nobody. */
const DEAF = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer()
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

test('a host that takes no connection, nor refuses one, is given up after a second', async () => {
  const worker = new Worker(DEAF, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  // Once its queue is full, the kernel drops whatever asks for a connection.
  const waiting: Socket[] = []
  try {
    for (let count = 0; count < 8; count++) {
      waiting.push(connect(port, '127.0.0.1').on('error', () => undefined))
    }
    await expect.poll(() => waiting.filter(({ connecting }) => !connecting).length).toBeGreaterThan(1)
    const url = new URL(`http://127.0.0.1:${port}`)
    const no = (whom: string) => ({ ok: false, reason: `${whom} gave no answer within 1000 ms` })
    const answers = await Promise.all([lokiHealth(url)(), lokiVersion(url)(), componentPages([{ name: 'one', url }])()])
    expect(answers).toEqual([no('Loki'), no('Loki'), [{ name: 'one', answer: no(url.href) }]])
  } finally {
    for (const socket of waiting) socket.destroy()
    await worker.terminate()
  }
})
