// What later checks know from earlier ones.

import type { RunGraph } from '@runlight/contracts/trace-event'
import type { Environment } from './environment.ts'
import type { FollowedRun } from './follow-run.ts'

export interface Scene {
  readonly environment: Environment
  /** The run that was started. */
  runId?: string
  /** It, followed to the end of its stream. */
  followed?: FollowedRun
  /** Its declared graph. */
  graph?: RunGraph
}
