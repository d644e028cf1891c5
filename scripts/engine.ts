// `npm run engine -- <command> …`: runs a command with a Docker engine of its own (root on Debian), with DOCKER_HOST
// and RUNLIGHT_TEST_BASE_IMAGE set, and takes the engine away at its end.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startPrivateEngine } from './engine/private-engine.ts'
import { Failure } from './failure.ts'
import { runVerb } from './verb.ts'

async function main(signal: AbortSignal): Promise<number> {
  const [file, ...args] = process.argv.slice(2)
  if (file === undefined) {
    console.error('Say which command to run with an engine: npm run engine -- npm test -- images')
    return 2
  }
  const note = (text: string) => console.log(`engine: ${text}`)
  const { env, stop } = await startPrivateEngine({ signal, note }).catch((cause: unknown) => {
    signal.throwIfAborted()
    const next = 'Start an engine of the machine (Debian: service docker start), and run the command without this one.'
    throw new Failure(
      { what: 'There is no engine to run with.', why: cause instanceof Error ? cause.message : String(cause), next },
      { cause },
    )
  })
  try {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, ...env } })
    // A terminal's Ctrl-C reaches the command itself.
    signal.addEventListener('abort', () => child.kill(), { once: true })
    const [code] = (await once(child, 'close')) as [number | null]
    return code ?? 1
  } finally {
    await stop()
  }
}

await runVerb('engine', main)
