// The engine that images and containers are tested with: the one that DOCKER_HOST names, else that of this machine.
// `npm test` in CI, and `npm run engine`, bring one of their own. Without one, what needs it is skipped by name.

import { spawnSync } from 'node:child_process'
import { pinnedImage, referenceOf } from '../../stacks/platforms/docker/catalogue.ts'

/** The longest is a stop of a service, or an image that has to be removed, on a busy machine. */
const COMMAND_MS = 120_000

/** Image with Node and npm; for machines that can't pull the pinned one, RUNLIGHT_TEST_BASE_IMAGE names another. */
export const BASE_IMAGE = process.env['RUNLIGHT_TEST_BASE_IMAGE'] || referenceOf(pinnedImage('node'))

/** Rights of a container as the stack gives them: no capability, nothing to gain, nothing to write on but /tmp. */
export const CONFINED = [
  ...['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
] as const

/**
 * Both outputs of the docker command, in their order.
 * @throws Error with what it said
 */
export function docker(...args: string[]): string {
  const { status, stdout, error } = spawnSync('sh', ['-c', 'exec docker "$@" 2>&1', 'sh', ...args], {
    encoding: 'utf8',
    timeout: COMMAND_MS,
    killSignal: 'SIGKILL',
  })
  if (status === 0) return stdout.trim()
  throw new Error(`docker ${args[0]}: ${error?.message ?? stdout.trim()}`)
}

/** Why there is no engine to test with, in brackets to stand behind a name; empty where there is one. */
export const NO_ENGINE = whyNoEngine()

function whyNoEngine(): string {
  const known = process.env['RUNLIGHT_TEST_NO_ENGINE']
  if (known) return ` (no engine: ${known})`
  try {
    docker('version', '--format', '{{.Server.Version}}')
    return ''
  } catch (error) {
    return ` (no engine: ${(error as Error).message.split('\n')[0]})`
  }
}
