// `runlight logs …` on the command line. What a filter may be, the API knows and says.

import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { LogQuery } from '@runlight/sdk/client/api-client'
import { CommandError } from '../command-error.ts'
import type { Context } from '../context.ts'
import { EXPORT_FORMATS } from '../logs/export.ts'
import type { ExportFormat } from '../logs/export.ts'
import { momentText } from '../logs/moment.ts'

interface LogFlags {
  follow?: boolean
  lines?: number | 'all'
  tail?: number | 'all'
  node?: string[]
  container?: string[]
  attempt?: number
  level?: NonNullable<LogQuery['level']>
  stream?: string
  since?: string
  until?: string
  grep?: string
  include?: string
  exclude?: RegExp[]
  highlight?: RegExp
  timestamps?: boolean
  prefix: boolean
  logPrefix: boolean
  json?: boolean
  export?: ExportFormat
  output?: string
  logql?: string
}

/** Adds the command. */
export function addLogsCommand(program: Command, context: () => Context, count: (text: string) => number): void {
  program
    .command('logs')
    .description('the lines of a run, or of components (of all components where nothing is named)')
    .argument('[run|component...]', 'a run, or components')
    .option('-f, --follow', 'go on with what comes, until the run has ended')
    .option('-n, --lines <count>', 'only the last so many lines, or `all` (100 where components are followed)', lines)
    .addOption(new Option('--tail <count>', 'the same').argParser(lines).hideHelp())
    .option(
      '-c, --node <node>',
      'only this node of the run; where no run is named, this component; may be repeated',
      several,
    )
    .addOption(new Option('--container <node>', 'the same').argParser(several).hideHelp())
    .option('--attempt <number>', 'only this attempt', count)
    .option('-l, --level <levels>', 'only these levels, comma-separated: debug, info, warn, error', levels)
    .option('--stream <streams>', 'only these streams, comma-separated')
    .option('--since <time>', 'RFC 3339, local as 2026-01-31 10:00, or as 15m ago', momentText)
    .option('--until <time>', 'the same', momentText)
    .option('-g, --grep <pattern>', 'only lines whose message holds a match of this regular expression')
    .addOption(new Option('-i, --include <pattern>', 'the same').hideHelp())
    .option('-e, --exclude <pattern>', 'no lines whose message holds a match of it; may be repeated', patterns)
    .option('-H, --highlight <pattern>', 'make matches stand out', (text) => pattern(text, 'g'))
    .option('-t, --timestamps', 'with times')
    .option('--no-prefix', 'without the component before each line')
    .addOption(new Option('--no-log-prefix', 'the same').hideHelp())
    .option('--json', 'one JSON object a line')
    .addOption(new Option('--export <format>', 'as data').choices(EXPORT_FORMATS))
    .option('-o, --output <file>', 'into a file, which is there when it is whole')
    .addOption(
      new Option('--logql <query>', "what Loki answers for the run's lines: LogQL, see docs/logql.md").conflicts(
        NOT_FOR_LOGQL,
      ),
    )
    .addHelpText(
      'after',
      `
Examples:
  runlight logs -f                           all components, as they speak
  runlight logs bus postgres -l warn,error   what went wrong there
  runlight logs RUN -f -c build              one node of a run, until the run has ended
  runlight logs RUN --export csv -o run.csv  a whole run, as a table
  runlight logs RUN --logql 'sum by (node) (count_over_time({}[5m]))'

Exit codes: 0 answered, 7 the run that -f followed has ended, and lines of it may still be under way`,
    )
    .action(async (names: string[], flags: LogFlags) => {
      const { attempt, level, stream, since, until } = flags
      const nodeRef = flags.node || flags.container ? [...(flags.node ?? []), ...(flags.container ?? [])] : undefined
      const grep = flags.grep ?? flags.include
      const filters = {
        ...(nodeRef !== undefined && { nodeRef }),
        ...(attempt !== undefined && { attempt }),
        ...(level !== undefined && { level }),
        ...(stream !== undefined && { stream }),
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
        ...(grep !== undefined && { grep }),
      }
      if (flags.logql !== undefined) return askLoki(context(), names, flags.logql, flags)
      const { showLogs } = await import('./logs.ts')
      return showLogs(context(), names, {
        filters,
        exclude: flags.exclude ?? [],
        lines: flags.lines ?? flags.tail,
        follow: flags.follow,
        timestamps: flags.timestamps,
        prefix: flags.prefix && flags.logPrefix,
        highlight: flags.highlight,
        export: flags.export ?? (flags.json ? 'ndjson' : undefined),
        file: flags.output,
      })
    })

  function lines(text: string): number | 'all' {
    return text === 'all' ? text : count(text)
  }
}

/** What a query says itself, and what its answer is not. */
const NOT_FOR_LOGQL = [
  'follow',
  'node',
  'container',
  'attempt',
  'level',
  'stream',
  'grep',
  'include',
  'exclude',
  'export',
  'output',
]

async function askLoki(context: Context, names: readonly string[], query: string, flags: LogFlags): Promise<void> {
  const [run, ...others] = names
  if (run === undefined || others.length > 0)
    throw new CommandError('--logql is for one run: runlight logs RUN --logql …', 2)
  const lines = flags.lines ?? flags.tail
  const { printLogql } = await import('../logs/logql.ts')
  return printLogql(context, run, {
    ...{ query, since: flags.since, until: flags.until, json: flags.json, highlight: flags.highlight },
    ...{ timestamps: flags.timestamps ?? false, prefix: flags.prefix && flags.logPrefix },
    ...(typeof lines === 'number' && { lines }),
  })
}

/** Levels as people write them. */
function levels(text: string): NonNullable<LogQuery['level']> {
  const names = text
    .toLowerCase()
    .split(',')
    .map((name) => name.trim().replace(/^warning$/, 'warn'))
  return names as NonNullable<LogQuery['level']>
}

function pattern(text: string, flags = ''): RegExp {
  try {
    return new RegExp(text, flags)
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

function several(text: string, before: string[] = []): string[] {
  return [...before, text]
}

function patterns(text: string, before: RegExp[] = []): RegExp[] {
  return [...before, pattern(text)]
}
