// An image of ours, to the registry that its name begins with.

import { Failure } from '../failure.ts'
import { CommandFailed, run } from '../tools/command.ts'

const PUSH_MS = 600_000
/** What engines and registries say where a login is missing, wrong, or has no right to write there. */
const REFUSED = /no basic auth credentials|unauthorized|denied|authentication required/i

/**
 * Pushes an image with the login that `docker login` has left; what the registry has already is not sent again.
 * @throws Failure with the registry's words, and how to log in where that is what it wants
 */
export async function pushImage(reference: string, signal: AbortSignal): Promise<void> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PUSH_MS)])
  try {
    await run({ file: 'docker', args: ['push', '--quiet', reference], signal: limited })
  } catch (cause) {
    if (!(cause instanceof CommandFailed)) throw cause
    const why = [cause.message, ...cause.tail.slice(-5)].join('\n')
    const registry = reference.slice(0, reference.indexOf('/'))
    const next = REFUSED.test(why)
      ? `Log in as somebody who may write there (docker login ${registry}), and run this again.`
      : `See that the engine reaches ${registry}, and run this again: what is built is kept.`
    throw new Failure({ what: `${reference} was not pushed.`, why, next }, { cause })
  }
}
