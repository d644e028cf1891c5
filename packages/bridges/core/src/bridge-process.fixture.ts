// A bridge as it runs: a process of its own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../../../regression/fixtures/server-process.ts'

export interface BridgeProcess {
  signal: (name: NodeJS.Signals) => void
  /** Sends a signal and gives the exit code, and what the process said last. */
  end: (name?: NodeJS.Signals) => Promise<{ code: number | null; lastLine: string }>
  /** Everything that it has said. */
  output: () => string
  metric: (name: string) => Promise<number>
  /** `away` when it does not answer within a second. */
  state: () => Promise<string>
}

/** Starts the program at `main` with these variables, on a port of its own. */
export async function startBridgeProcess(main: URL, env: Readonly<Record<string, string>>): Promise<BridgeProcess> {
  const [port] = (await freePorts(1)) as [number]
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(main)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, RUNLIGHT_LISTEN: `127.0.0.1:${port}`, ...env },
  })
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  const exited = once(child, 'exit') as Promise<[number | null]>
  const ask = async (path: string, signal: AbortSignal | null = null) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { signal })).text()
  return {
    signal: (name) => child.kill(name),
    end: async (name) => {
      if (name) child.kill(name)
      const [code] = await exited
      return { code, lastLine: output.trimEnd().split('\n').at(-1) ?? '' }
    },
    output: () => output,
    metric: async (name) => {
      const text = await ask('/metrics')
      const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))]
      return values.reduce((sum, own) => sum + Number(own[1]), 0)
    },
    state: async () => {
      const answer = await ask('/healthz', AbortSignal.timeout(1_000)).catch(() => '{}')
      return (JSON.parse(answer) as { state?: string }).state ?? 'away'
    },
  }
}
