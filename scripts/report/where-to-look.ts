// The last lines of `npm run up`: commands and addresses to go on with, as they work for this stack.

import { DEFAULT_API_URL } from '@runlight/cli/context'
import type { Home } from '../environment/home.ts'
import { npmRun } from '../npm-run.ts'
import type { StackOutputs } from '../report.ts'

/** What to look at, and the command or address for it. */
export function whereToLook(
  stack: string,
  addresses: StackOutputs['addresses'],
  runId: string,
  home: Pick<Home, 'isDefault' | 'env'>,
): [string, string][] {
  const runlight = addresses.api === DEFAULT_API_URL ? 'npx runlight' : `npx runlight --api ${addresses.api}`
  const env = home.isDefault ? './.runlight/env' : home.env
  return [
    ['this run', `${runlight} status ${runId}`],
    ['its lines', `${runlight} logs ${runId}`],
    ['its timeline', `${runlight} trace ${runId}`],
    ['all runs', `${runlight} runs`],
    ['API', `${addresses.api}/workflows/runs`],
    ['Temporal', addresses.temporalUi],
    ['Prometheus', addresses.prometheus],
    ...(addresses.console === undefined ? [] : [['the bus', addresses.console] as [string, string]]),
    ...(addresses.grafana === undefined ? [] : [['Grafana', addresses.grafana] as [string, string]]),
    ['plain Pulumi', `. ${env} && pulumi stack output --stack ${stack}`],
    ['take it away', npmRun('down', stack)],
  ]
}
