// `runlight status` without a run: how the stack's components stand.

import type { ComponentState } from '@runlight/contracts/api'
import type { Context } from '../context.ts'
import type { Output, Style } from '../output.ts'
import { visible } from '../visible-text.ts'

interface Cell {
  text: string
  style?: Style
}

/** Prints a table: health, version, how far it is behind, when it last spoke. */
export async function showComponents({ api, output }: Context, { json }: { json?: boolean }): Promise<void> {
  const found = await api.components()
  if (json) return output.line(JSON.stringify(found, undefined, 2))
  const list = visible(found)
  const head = ['component', 'health', 'version', 'behind', 'last line', 'lines'].map((text) => ({ text }))
  await printTable(output, head, list.components.map(row))
  for (const { component, reason } of list.degraded ?? []) {
    await output.line(`${output.paint('yellow', 'degraded')}  ${component}: ${reason}`)
  }
}

/** Records on the bus that a bridge has not stored yet; undefined for what is no bridge. */
export function recordsBehind({ lag }: ComponentState): number | undefined {
  return lag?.reduce((sum, { records }) => sum + records, 0)
}

function row(component: ComponentState): Cell[] {
  const { name, health, version, lastLineAt, lines } = component
  const behind = recordsBehind(component)
  return [
    { text: name },
    health === undefined
      ? { text: '-' }
      : health.ok
        ? { text: 'ok', style: 'green' }
        : { text: health.detail ?? 'failing', style: 'red' },
    { text: version ?? '-' },
    { text: behind === undefined ? '-' : String(behind), ...(behind && { style: 'yellow' as const }) },
    { text: lastLineAt === undefined ? '-' : ago(lastLineAt) },
    { text: lines === undefined ? '-' : String(lines) },
  ]
}

/** How long ago, in the largest unit that fits. */
function ago(time: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000))
  if (seconds < 120) return `${seconds}s ago`
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m ago`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)}h ago` : `${Math.round(seconds / 86_400)}d ago`
}

async function printTable(output: Output, head: readonly Cell[], rows: readonly (readonly Cell[])[]): Promise<void> {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => cells[column]?.text.length ?? 0)))
  const line = (cells: readonly Cell[], otherwise?: Style) =>
    cells
      .map(({ text, style = otherwise }, column) => {
        const padded = column === cells.length - 1 ? text : text.padEnd(widths[column] ?? 0)
        return style ? output.paint(style, padded) : padded
      })
      .join('  ')
  await output.line(line(head, 'gray'))
  for (const cells of rows) await output.line(line(cells))
}
