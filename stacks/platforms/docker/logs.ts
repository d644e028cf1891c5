// The containers' logs, for the one that reads them: the engine's own files. Its API would need its socket, which is as
// good as root on its machine, and knows a line by its time only; a file has places, and is read without a way to write.

import type { EngineState } from './engine.ts'

const LOGS_AT = '/var/lib/runlight/containers'

/** What the engine writes into each line of a container: who reads the files knows it by that. Of one stack only. */
export const tagOf = (prefix: string, component: string): string => `${prefix}-${component}`

interface Logs {
  /** The files are their owner's, and so is a new volume where its image has no such folder. Without any capability. */
  user: string
  data: string
  mount: { type: string; source: string; target: string; readOnly: boolean }
  output: (component: string) => string
}

/** What a container gets that reads the logs of all. Paths are those of the engine's machine, wherever that is. */
export function logsOf({ root }: EngineState, prefix: string): Logs {
  return {
    user: '0:0',
    data: '/var/lib/runlight/data',
    mount: { type: 'bind', source: `${root}/containers`, target: LOGS_AT, readOnly: true },
    output: (component) => `docker:${LOGS_AT}/${tagOf(prefix, component)}`,
  }
}
