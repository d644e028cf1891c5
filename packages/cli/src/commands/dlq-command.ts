// `runlight dlq …` on the command line. What a filter may be, the API knows and says.

import type { Command } from 'commander'
import type { Context } from '../context.ts'
import type { DlqListOptions, DlqReplayOptions } from './dlq.ts'

/** Adds the commands. */
export function addDlqCommands(program: Command, context: () => Context, count: (text: string) => number): void {
  const dlq = program.command('dlq').description('records that a store refused for good: list, show, replay')

  withFilters(dlq.command('list').description('list dead letters, the latest first'))
    .option('-n, --lines <count>', 'how many', count, 50)
    .option('--json', 'one JSON object a line')
    .action(async (options: DlqListOptions) => {
      const { listDeadLetters } = await import('./dlq.ts')
      return listDeadLetters(context(), options)
    })

  dlq
    .command('show')
    .description('a dead letter: what was refused, why, and what became of its replays')
    .argument('<letter>', 'the dead letter')
    .option('--json', 'as JSON')
    .option('--value', 'only the value, as it was on the bus')
    .action(async (letter: string, options: { json?: boolean; value?: boolean }) => {
      const { showDeadLetter } = await import('./dlq.ts')
      return showDeadLetter(context(), letter, options)
    })

  withFilters(dlq.command('replay').description('give records back to the sink that refused them'))
    .argument('[letters...]', 'the dead letters; or choose them by filters (then the open ones, if no state is named)')
    .option('-y, --yes', 'do not ask before replaying more than one')
    .option('--json', 'one JSON object a line')
    .action(async (letters: string[], options: DlqReplayOptions) => {
      const { replayDeadLetters } = await import('./dlq.ts')
      return replayDeadLetters(context(), letters, options)
    })
}

/**
 * The words of a command line; of `dlq`, with dead letters behind `--` whose ids begin with `-`, as one in 64 does: they
 * would be read as options. No option is a single word of their length.
 */
export function withLettersApart(words: readonly string[]): string[] {
  const isLetter = (word: string) => /^-[\w-]{21}$/.test(word)
  const command = words.find((word, index) => !word.startsWith('-') && words[index - 1] !== '--api')
  if (command !== 'dlq' || words.includes('--') || !words.some(isLetter)) return [...words]
  return [...words.filter((word) => !isLetter(word)), '--', ...words.filter(isLetter)]
}

function withFilters(command: Command): Command {
  const filters: readonly [flag: string, meaning: string][] = [
    ['--sink <sink>', 'only what this sink refused: loki or postgres'],
    ['--reason <reason>', 'only what was refused for this reason, such as json, schema or too_large'],
    ['--topic <topic>', 'only records that first lay on this topic'],
    ['--state <state>', 'only open, replaying, replayed or refused_again ones'],
    ['--since <time>', 'first refused then or later: RFC 3339, or as 15m ago'],
    ['--until <time>', 'first refused then or before: RFC 3339, or as 15m ago'],
  ]
  for (const [flag, meaning] of filters) command.option(flag, meaning)
  return command
}
