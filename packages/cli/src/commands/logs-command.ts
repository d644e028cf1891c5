// `runlight logs …` on the command line. What a filter may be, the API knows and says.

import { Option } from 'commander'
import type { Command } from 'commander'
import type { LogQuery } from '@runlight/sdk/client/api-client'
import type { Context } from '../context.ts'
import { EXPORT_FORMATS } from '../logs/export.ts'
import type { ExportFormat } from '../logs/export.ts'

interface LogFlags {
  follow?: boolean
  lines?: number
  node?: string
  attempt?: number
  level?: NonNullable<LogQuery['level']>
  stream?: string
  since?: string
  until?: string
  grep?: string
  timestamps?: boolean
  prefix: boolean
  json?: boolean
  export?: ExportFormat
  output?: string
}

/** Adds the command. */
export function addLogsCommand(program: Command, context: () => Context, count: (text: string) => number): void {
  program
    .command('logs')
    .description('the lines of a run, or of components (of all components where nothing is named)')
    .argument('[run|component...]', 'a run, or components')
    .option('-f, --follow', 'go on with what comes, until the run has ended')
    .option('-n, --lines <count>', 'only the last so many lines (100 where components are followed)', count)
    .addOption(new Option('--tail <count>', 'the same').argParser(count).hideHelp())
    .option('-c, --node <node>', 'only this node')
    .option('--attempt <number>', 'only this attempt', count)
    .option('-l, --level <levels>', 'only these levels, comma-separated: debug, info, warn, error')
    .option('--stream <streams>', 'only these streams, comma-separated')
    .option('--since <time>', 'RFC 3339, or as 15m ago')
    .option('--until <time>', 'RFC 3339, or as 15m ago')
    .option('-g, --grep <pattern>', 'only lines whose message holds a match of this regular expression')
    .option('-t, --timestamps', 'with times')
    .option('--no-prefix', 'without the component before each line')
    .addOption(new Option('--no-log-prefix', 'the same').hideHelp())
    .option('--json', 'one JSON object a line')
    .addOption(new Option('--export <format>', 'as data').choices(EXPORT_FORMATS))
    .option('-o, --output <file>', 'into a file, which is there when it is whole')
    .addHelpText(
      'after',
      `
Examples:
  runlight logs -f                           all components, as they speak
  runlight logs bus postgres -l warn,error   what went wrong there
  runlight logs RUN -f -c build              one node of a run, until the run has ended
  runlight logs RUN --export csv -o run.csv  a whole run, as a table`,
    )
    .action(async (names: string[], flags: LogFlags & { tail?: number; logPrefix: boolean }) => {
      const { node, attempt, level, stream, since, until, grep } = flags
      const filters = {
        ...(node !== undefined && { nodeRef: node }),
        ...(attempt !== undefined && { attempt }),
        ...(level !== undefined && { level }),
        ...(stream !== undefined && { stream }),
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
        ...(grep !== undefined && { grep }),
      }
      const { showLogs } = await import('./logs.ts')
      return showLogs(context(), names, {
        filters,
        lines: flags.lines ?? flags.tail,
        follow: flags.follow,
        timestamps: flags.timestamps,
        prefix: flags.prefix && flags.logPrefix,
        export: flags.export ?? (flags.json ? 'ndjson' : undefined),
        file: flags.output,
      })
    })
}
