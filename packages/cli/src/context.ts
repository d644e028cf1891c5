// What every command works with.

import type { ApiClient } from '@runlight/sdk/client/api-client'
import type { LiveState } from '@runlight/sdk/client/live-place'
import { CommandError } from './command-error.ts'
import type { Output } from './output.ts'

export interface Context {
  api: ApiClient
  /** Address of the API. */
  baseUrl: string
  output: Output
}

export const DEFAULT_API_URL = 'http://127.0.0.1:17800'

/**
 * The address of the API that somebody has named, without a slash at its end: `--api`, else RUNLIGHT_API_URL.
 * @throws CommandError when it is none; it is not repeated, as there may be a password in it
 */
export function givenAddress(
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const [name, given] = option === undefined ? ['RUNLIGHT_API_URL', env['RUNLIGHT_API_URL']] : ['--api', option]
  if (!given) return undefined
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (!url || !/^https?:\/\/[^/]/i.test(given)) throw new CommandError(`${name} must be an http address.`, 2)
  if (url.username !== '' || url.password !== '') {
    throw new CommandError(`${name} must have no user and no password: no command sends them.`, 2)
  }
  if (url.search !== '' || url.hash !== '') throw new CommandError(`${name} must end with the path.`, 2)
  return given.replace(/\/+$/, '')
}

/**
 * The address of the API of what is verified, as somebody has named it. Beside the name of a stack only `--api` counts,
 * as for a tunnel to it: the variable may be that of another stack.
 * @throws CommandError when it is none
 */
export function verifiedAddress(
  stack: string | undefined,
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return givenAddress(option, stack === undefined ? env : {})
}

/** Where the API is: as somebody has named it, else where `npm run up` puts it. @throws CommandError */
export function apiAddress(option: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  return givenAddress(option, env) ?? DEFAULT_API_URL
}

/**
 * Where the API of a command line is that is being typed; the usual place while what it names is no address.
 * bash takes `--api=http://…` for three words.
 */
export function addressOnLine(words: readonly string[], env: Readonly<Record<string, string | undefined>>): string {
  const at = words.findIndex((word) => /^--api(=|$)/.test(word))
  const [, assigned] = /^--api=(.+)$/s.exec(words[at] ?? '') ?? []
  const option = at < 0 ? undefined : (assigned ?? words.slice(at + 1).find((word) => word !== '='))
  try {
    return apiAddress(option, env)
  } catch {
    return DEFAULT_API_URL
  }
}

/** Tells whoever follows something that the API is away, and what else they should know of the connection. */
export function sayWhenAway(state: LiveState, reason: string): void {
  if (state === 'waiting') process.stderr.write(`${reason} Waiting for it.\n`)
  if (state === 'polling') process.stderr.write(`${reason} It is asked every few seconds instead.\n`)
}
