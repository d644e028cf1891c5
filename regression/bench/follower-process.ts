// Started by followers.ts: opens streams as it is told by its first line, and tells what it has seen for each line after.

import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import type { FollowerSettings, FollowersSeen, ReceivedLine } from './followers.ts'

let bytes: number[] = []
let lines: number[] = []
let latencies: number[] = []
let received: ReceivedLine[] = []
let gaps = 0
/** What the system and the work here add to each time that is taken. */
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()

const now = () => performance.timeOrigin + performance.now()

async function open(address: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(address, { agent: false, headers: { 'accept-encoding': 'gzip' } }, (response) => {
      if (response.statusCode === 200) resolve(response)
      else reject(new Error(`${address} answered ${response.statusCode}.`))
    })
      .on('error', reject)
      .end()
  })
}

/** Reads frames, and takes the time of each line when the piece that ends it has come. */
function read(response: IncomingMessage, index: number): void {
  let text = ''
  response
    .pipe(createGunzip())
    .setEncoding('utf8')
    .on('data', (piece: string) => {
      const at = now()
      const blocks = (text + piece).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        if (block.includes('event: gap\n')) gaps++
        if (!block.includes('event: log\n')) continue
        lines[index] = (lines[index] ?? 0) + 1
        const time = /"timestamp":"([^"]+)"/.exec(block)?.[1] ?? ''
        // Date keeps milliseconds; the digits behind them are added.
        latencies.push(at - Date.parse(time) - Number(`0.${/\.\d{3}(\d+)/.exec(time)?.[1] ?? 0}`))
        received.push([/"position":"([^"]+)"/.exec(block)?.[1] ?? '', at])
      }
    })
}

async function start({ addresses, parsing }: FollowerSettings): Promise<void> {
  const waiting = addresses.map((address, index) => ({ address, index }))
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { address, index } = next
      const response = await open(address)
      bytes[index] = 0
      const first = new Promise<void>((resolve) => response.once('data', () => resolve()))
      response.on('data', (piece: Buffer) => (bytes[index] = (bytes[index] ?? 0) + piece.length))
      if (index < parsing) read(response, index)
      await first
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

function take(): FollowersSeen {
  const late = [0.5, 0.99].map((share) => Math.max(0, delay.percentile(share * 100) / 1e6 - 5)) as [number, number]
  const seen = { bytes, lines, latencies, received, gaps, late }
  bytes = bytes.map(() => 0)
  lines = lines.map(() => 0)
  latencies = []
  received = []
  gaps = 0
  delay.reset()
  return seen
}

let begun = false
for await (const text of createInterface({ input: process.stdin })) {
  if (begun) console.log(JSON.stringify(take()))
  else {
    begun = true
    await start(JSON.parse(text) as FollowerSettings)
    console.log('{}')
  }
}
process.exit(0)
