// The table of components: health asked now, version, ports, log file.

import type { Unwrap } from '@pulumi/pulumi'
import type { Output } from '@runlight/cli/output'
import type { ComponentReport as ReportOfPlatform } from '../../stacks/platforms/platform.ts'
import { askKafka } from '../../stacks/plugin/readiness/kafka.ts'
import { askTemporal } from '../../stacks/plugin/readiness/temporal.ts'

/** A component as the stack's output `components` tells of it. */
export type ComponentReport = Unwrap<ReportOfPlatform>

const ASK_TIMEOUT_MS = 5_000

export async function printComponents(components: Record<string, ComponentReport>, output: Output): Promise<void> {
  const entries = Object.values(components)
  const healths = await Promise.all(entries.map(({ health }) => askHealth(health)))
  const rows = entries.map(({ title, version, ports, log }, index) => [
    title,
    healths[index] ?? '',
    version,
    Object.entries(ports)
      .map(([endpoint, port]) => `${endpoint} ${port}`)
      .join(', '),
    log,
  ])
  const head = ['component', 'health', 'version', 'ports', 'log']
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  await output.line(output.paint('gray', `  ${pad(head)}`))
  for (const [index, row] of rows.entries()) {
    await output.line(`  ${output.paint(healths[index] === 'ready' ? 'reset' : 'red', pad(row))}`)
  }
}

/** Asks a component's own interface. PostgreSQL is asked by the API, which is ready only when it answers. */
async function askHealth(health: string): Promise<string> {
  const { protocol, host, pathname } = new URL(health)
  try {
    if (protocol.startsWith('http')) return await askPage(health)
    if (protocol === 'kafka:') await askKafka(host, ASK_TIMEOUT_MS)
    if (protocol === 'temporal:') await askTemporal(host, pathname.slice(1), ASK_TIMEOUT_MS)
    return 'ready'
  } catch {
    return 'no answer'
  }
}

async function askPage(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) })
  await response.body?.cancel()
  return response.ok ? 'ready' : `answers ${response.status}`
}
