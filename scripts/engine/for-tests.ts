// What the tests of images run with.

import { pinnedImage, referenceOf } from '../../stacks/platforms/docker/catalogue.ts'
import { CommandFailed, run } from '../tools/command.ts'
import { startPrivateEngine, type EngineOptions } from './private-engine.ts'

const ASK_MS = 15_000
const PULL_MS = 180_000

export interface EngineForTests {
  /** For the suite's environment: how to find the engine and its base image, or why there is none. */
  env: Readonly<Record<string, string>>
  stop: () => Promise<void>
}

/**
 * The engine that this machine has, with an image that it has or can pull; in CI, where a machine is ours to change, one
 * of our own. Fails only when it is interrupted: without an engine the tests are skipped, with the reason in their names.
 */
export async function engineForTests(options: EngineOptions): Promise<EngineForTests> {
  const reason = await whyNotThisMachines(options.signal)
  if (reason === undefined) return { env: {}, stop: () => Promise.resolve() }
  if (process.env['CI'] !== 'true') {
    return without(`${reason}; as root on Debian, 'npm run engine -- npm test -- images' brings one`)
  }
  try {
    return await startPrivateEngine(options)
  } catch (error) {
    options.signal.throwIfAborted()
    return without(`${reason}; and one of our own cannot be brought: ${textOf(error)}`)
  }
}

async function whyNotThisMachines(signal: AbortSignal): Promise<string | undefined> {
  const docker = (ms: number, ...args: string[]) =>
    run({ file: 'docker', args, signal: AbortSignal.any([signal, AbortSignal.timeout(ms)]) })
  const base = process.env['RUNLIGHT_TEST_BASE_IMAGE'] || referenceOf(pinnedImage('node'))
  try {
    await docker(ASK_MS, 'version')
    await docker(ASK_MS, 'image', 'inspect', base).catch(() => docker(PULL_MS, 'pull', '--quiet', base))
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return textOf(error)
  }
}

const without = (reason: string): EngineForTests => ({
  env: { RUNLIGHT_TEST_NO_ENGINE: reason.replaceAll(/\s+/g, ' ') },
  stop: () => Promise.resolve(),
})

function textOf(error: unknown): string {
  if (error instanceof CommandFailed) return [error.message, ...error.tail.slice(-1)].join(' ')
  return error instanceof Error ? error.message : String(error)
}
