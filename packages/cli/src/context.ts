// What every command works with.

import type { ApiClient } from '@runlight/sdk/client/api-client'
import type { LiveState } from '@runlight/sdk/client/live-place'
import type { Output } from './output.ts'

export interface Context {
  api: ApiClient
  /** Address of the API. */
  baseUrl: string
  output: Output
}

export const DEFAULT_API_URL = 'http://127.0.0.1:17800'

/** Address of the API: `--api`, else RUNLIGHT_API_URL, else where `npm run up` puts it. */
export function apiAddress(option: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  return option ?? (env['RUNLIGHT_API_URL'] || DEFAULT_API_URL)
}

/** Tells whoever follows something that the API is away, and what else they should know of the connection. */
export function sayWhenAway(state: LiveState, reason: string): void {
  if (state === 'waiting') process.stderr.write(`${reason} Waiting for it.\n`)
  if (state === 'polling') process.stderr.write(`${reason} It is asked every few seconds instead.\n`)
}
