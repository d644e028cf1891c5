// Followers in a process of their own, so that what they do is not done by what is measured.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface FollowerSettings {
  /** One stream each. */
  addresses: readonly string[]
  /** So many of them read what they get, and take the time of each line; the others only take the bytes. */
  parsing: number
}

/** Where the line lies on the bus (`partition:offset`), and when the reader had it, in milliseconds since the epoch. */
export type ReceivedLine = [position: string, at: number]

export interface FollowersSeen {
  /** Bytes on the wire of each. */
  bytes: number[]
  /** Of those that read: lines, and gaps. */
  lines: number[]
  gaps: number
  /** From the record's own time to when the reader had it, in milliseconds. */
  latencies: number[]
  received: ReceivedLine[]
  /** How late timers of the readers' process were, in milliseconds: median and 99th percentile. */
  late: [median: number, most: number]
}

export interface Followers {
  /** What was seen since the last time. */
  seen: () => Promise<FollowersSeen>
  stop: () => Promise<void>
}

/** Resolves when all of them have got their first bytes. */
export async function startFollowers(settings: FollowerSettings): Promise<Followers> {
  const script = fileURLToPath(new URL('follower-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = once(child, 'exit')
  const ask = async (question: string) => {
    child.stdin.write(`${question}\n`)
    const { value, done } = await answers.next()
    if (done) throw new Error('The followers have ended.')
    return JSON.parse(value as string) as unknown
  }
  await ask(JSON.stringify(settings))
  return {
    seen: async () => (await ask('seen')) as FollowersSeen,
    stop: async () => {
      child.stdin.end()
      await ended
    },
  }
}
