// What a bridge is measured against: the shortest loop from the bus to Loki. It commits nothing, retries nothing, checks
// nothing, and loses what Loki refuses. Started by the measurement with brokers, topic, Loki's address and a count.

import { Agent, request } from 'node:http'
import process from 'node:process'
import { Kafka, logLevel } from 'kafkajs'

const [broker = '', topic = '', loki = '', wanted = '0'] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true })

async function push(streams: readonly object[]): Promise<void> {
  const body = JSON.stringify({ streams })
  const headers = { 'content-type': 'application/json', 'x-scope-orgid': 'naive' }
  await new Promise<void>((resolve, reject) => {
    const own = request(new URL('/loki/api/v1/push', loki), { method: 'POST', agent, headers }, (answer) => {
      answer.resume().on('end', () => resolve())
    })
    own.on('error', reject).end(body)
  })
}

let lines = 0
let began: { at: number; cpu: NodeJS.CpuUsage } | undefined

const consumer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).consumer({ groupId: 'naive' })
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    began ??= { at: performance.now(), cpu: process.cpuUsage() }
    const streams = new Map<string, { stream: object; values: [string, string][] }>()
    for (const { value } of batch.messages) {
      const text = value?.toString() ?? ''
      const entry = JSON.parse(text) as { runId: string; nodeRef: string; stream: string; timestamp: string }
      const key = `${entry.runId} ${entry.nodeRef} ${entry.stream}`
      const found = streams.get(key) ?? {
        stream: { run_id: entry.runId, node: entry.nodeRef, stream: entry.stream, shard: String(batch.partition) },
        values: [],
      }
      found.values.push([`${Date.parse(entry.timestamp)}000000`, text])
      streams.set(key, found)
    }
    await push([...streams.values()])
    lines += batch.messages.length
    if (lines < Number(wanted)) return
    const cpu = process.cpuUsage(began.cpu)
    const seconds = (performance.now() - began.at) / 1000
    const cpuSeconds = (cpu.user + cpu.system) / 1e6
    console.log(JSON.stringify({ lines, seconds, cpuSeconds, peakMiB: process.resourceUsage().maxRSS / 1024 }))
    process.exit(0)
  },
})
