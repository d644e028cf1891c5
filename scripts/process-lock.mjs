// A lock between processes of one person on one machine. Plain JavaScript, because scripts/bootstrap.mjs needs it
// before anything is installed; process-lock.d.mts types it for the rest.
//
// The lock is an abstract Unix socket: the kernel lets one process bind a name, and frees it when that process ends,
// however it ends, so a lock can't outlive its holder (kill -9) and a lock file can't go stale. Who waits connects
// and is woken by the closing connection, without polling. Abstract sockets exist on Linux only: elsewhere the work
// is done without a lock, and only the atomic renames of its users protect it.

import { createHash } from 'node:crypto'
import net from 'node:net'
import process from 'node:process'

/**
 * @param {string} name
 * @param {{ onWait?: (holder: number | undefined) => void, signal?: AbortSignal }} options
 * @returns {Promise<{ release: () => Promise<void> }>}
 */
export async function acquireLock(name, options = {}) {
  if (process.platform !== 'linux') return { release: async () => {} }
  const address = addressOf(name)
  for (;;) {
    options.signal?.throwIfAborted()
    const held = await bind(address)
    if (held) return held
    await untilReleased(address, options)
  }
}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (holder: number | undefined) => void, signal?: AbortSignal }} options
 * @returns {Promise<T>}
 */
export async function withLock(name, work, options = {}) {
  const lock = await acquireLock(name, options)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

/** Abstract names are short (107 bytes) and shared by all users of the machine: hence the hash and the user id. */
function addressOf(name) {
  return `\0runlight-${process.getuid?.() ?? 0}-${createHash('sha256').update(name).digest('hex').slice(0, 40)}`
}

function bind(address) {
  return new Promise((resolve, reject) => {
    const waiters = new Set()
    const server = net.createServer((socket) => {
      waiters.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => waiters.delete(socket))
      socket.unref()
      socket.write(`${process.pid}\n`)
    })
    server.once('error', (error) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen({ path: address }, () => {
      server.unref()
      resolve({
        release: () =>
          new Promise((done) => {
            server.close(() => done())
            for (const socket of waiters) socket.destroy()
          }),
      })
    })
  })
}

/** Resolves when the holder's end of the connection is gone, which may also mean that it just released the lock. */
function untilReleased(address, { onWait, signal }) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path: address })
    const onAbort = () => socket.destroy(signal.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once('data', (data) => onWait?.(Number.parseInt(data.toString(), 10) || undefined))
    socket.on('error', () => {})
    socket.once('close', () => {
      signal?.removeEventListener('abort', onAbort)
      if (signal?.aborted) reject(signal.reason)
      else resolve()
    })
  })
}
