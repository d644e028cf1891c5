// A bridge as it runs: its main program as a process of its own.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { SinkName } from '@runlight/contracts/topics'
import { freePorts, startProcess, temporaryFolder } from '../fixtures/server-process.ts'

export interface BridgeProcess {
  sink: SinkName
  instance: string
  pid: number
  /** SIGKILL. */
  kill: () => Promise<void>
  /** SIGTERM, and waits. Tells whether it ended as asked. */
  shutDown: () => Promise<boolean>
  /** Resolves when it has ended, by itself too. */
  exited: Promise<void>
  exitCode: Promise<number>
  /** SIGSTOP and SIGCONT. */
  freeze: () => void
  thaw: () => void
  /** Value of a metric, summed over its series; labels select. */
  metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>
  /** Is it in its group, and does its store answer? */
  isReady: () => Promise<boolean>
  /** Largest resident memory so far, in MiB; what was last read, after its end. */
  peakMemory: () => number
  /** What it has logged. */
  log: () => string
  /** Removes its log. */
  forget: () => Promise<void>
}

export async function startBridgeProcess(
  sink: SinkName,
  instance: string,
  env: Readonly<Record<string, string>>,
): Promise<BridgeProcess> {
  const [port] = (await freePorts(1)) as [number]
  const folder = await temporaryFolder(`bridge-${sink}-${instance}`)
  const main = fileURLToPath(new URL(`../../packages/bridges/${sink}/src/main.ts`, import.meta.url))
  const server = await startProcess({
    file: process.execPath,
    args: ['--import', 'tsx', main],
    folder,
    env: { ...env, RUNLIGHT_LISTEN: `127.0.0.1:${port}`, RUNLIGHT_INSTANCE: instance },
  })
  let peak = 0
  const peakMemory = () => (peak = Math.max(peak, readPeak(server.pid)))
  const url = `http://127.0.0.1:${port}`
  return {
    ...{ sink, instance, pid: server.pid, exited: server.exited, exitCode: server.exitCode, peakMemory },
    kill: () => {
      peakMemory()
      return server.kill()
    },
    shutDown: () => {
      peakMemory()
      return server.shutDown('SIGTERM')
    },
    freeze: () => server.signal('SIGSTOP'),
    thaw: () => server.signal('SIGCONT'),
    metric: async (name, labels = {}) => {
      peakMemory()
      return sumOf(await (await fetch(`${url}/metrics`)).text(), name, labels)
    },
    isReady: () =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    log: () => readFileSync(folder.log, 'utf8'),
    forget: () => folder.remove(),
  }
}

function readPeak(pid: number): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kibibytes ?? 0) / 1024
  } catch {
    return 0
  }
}

/** Sums the series of a metric in Prometheus' text format. */
function sumOf(text: string, name: string, labels: Readonly<Record<string, string>>): number {
  let sum = 0
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (match?.[1] !== name) continue
    const found = Object.entries(labels).every(([label, value]) => match[2]?.includes(`${label}="${value}"`))
    if (found) sum += Number(match[3])
  }
  return sum
}
