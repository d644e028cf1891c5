// What runs and listens on this machine, and what git sees of the clone.

import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createConnection } from 'node:net'
import { fileURLToPath } from 'node:url'

const CLONE = fileURLToPath(new URL('../..', import.meta.url))

/** Every process on this machine that we may look into. */
export function processes(): { command: string; environment: string }[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8')
    } catch {
      return ''
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ command: read(pid, 'cmdline'), environment: read(pid, 'environ') }))
}

/** Does anybody listen on the port? */
export async function isOpen(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** What is changed in the clone. */
export function gitStatus(): string {
  return execFileSync('git', ['status', '--porcelain'], { cwd: CLONE }).toString()
}
