// What `npm run up` ends with: one real run, read back through the API; then the components, and where to look next.

import { openOutput, wantsColour } from '@runlight/cli/output'
import type { Context } from '@runlight/cli/context'
import { showStatus } from '@runlight/cli/commands/status'
import { printLogs } from '@runlight/cli/commands/logs'
import { printTrace } from '@runlight/cli/commands/trace'
import { createApiClient } from '@runlight/sdk/client/api-client'
import { runlightHome } from './environment/home.ts'
import type { ComponentReport } from './report/components.ts'
import { printComponents } from './report/components.ts'
import { followRun, progressLine } from './report/demo-run.ts'
import { whereToLook } from './report/where-to-look.ts'

/** The stack's outputs, as stacks/index.ts gives them. */
export interface StackOutputs {
  addresses: {
    api: string
    temporal: string
    temporalUi: string
    prometheus: string
    grafana?: string
    console?: string
  }
  components: Record<string, ComponentReport>
}

const LAST_LINES = 12

/** Runs the demo workflow through the stack and prints what came out of it. */
export async function report(stack: string, outputs: StackOutputs, signal: AbortSignal): Promise<void> {
  const { addresses, components } = outputs
  const output = openOutput(wantsColour(process.stdout.isTTY, process.env))
  const api = createApiClient({ baseUrl: addresses.api, signal })
  const context: Context = { api, baseUrl: addresses.api, output }
  const heading = (text: string) => output.line(`\n${output.paint('bold', text)}`)

  const { runId } = await api.startRun()
  await heading("A run of the demo workflow: an audit of this clone's dependencies")
  await followRun(api, runId, signal, (status) => output.line(`  ${progressLine(status)}`))
  await output.line('')
  await showStatus(context, runId, {})
  await heading('Its timeline')
  await printTrace(context, runId, 'waterfall')
  await heading(`Its last ${LAST_LINES} lines`)
  await printLogs(context, runId, { lines: LAST_LINES, filters: {}, timestamps: true })
  await heading('Components')
  await printComponents(components, output)
  await heading('Where to look next')
  for (const [what, where] of whereToLook(stack, addresses, runId, runlightHome()))
    await output.line(`  ${what.padEnd(24)}${where}`)
}
