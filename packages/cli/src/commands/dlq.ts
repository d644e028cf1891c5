// `runlight dlq`: records that a store refused for good.

import { createInterface } from 'node:readline/promises'
import type { DeadLetterDetail, DeadLetterSummary, ReplayPage } from '@runlight/contracts/api-dead-letters'
import type { DeadLetterState } from '@runlight/contracts/dead-letter'
import { ApiProblem } from '@runlight/sdk/client/api-problem'
import type { DeadLetterFilter } from '@runlight/sdk/client/dead-letters'
import { CommanderError } from 'commander'
import type { Context } from '../context.ts'
import type { Output, Style } from '../output.ts'
import { visible, visibleText } from '../visible-text.ts'

export interface DlqListOptions extends DeadLetterFilter {
  lines: number
  json?: boolean
}

export interface DlqReplayOptions extends DeadLetterFilter {
  yes?: boolean
  json?: boolean
}

const STATE_STYLES: { readonly [S in DeadLetterState]: Style } = {
  open: 'yellow',
  replaying: 'cyan',
  replayed: 'green',
  refused_again: 'red',
}

/** Lists dead letters, the latest first. */
export async function listDeadLetters({ api, output }: Context, options: DlqListOptions): Promise<void> {
  const { lines, json, ...filter } = options
  let left = lines
  for await (const letter of api.allDeadLetters({ ...filter, limit: Math.min(Math.max(lines, 1), 1_000) })) {
    if (left-- <= 0) return
    await output.line(json ? JSON.stringify(letter) : listLine(output, visible(letter)))
  }
}

function listLine(output: Output, letter: DeadLetterSummary): string {
  const { id, sink, reason, state, failedAt, valueBytes, detail } = letter
  const place = `${letter.origin.topic}/${letter.origin.partition}@${letter.origin.offset}`
  const fields = [failedAt, output.paint(STATE_STYLES[state], state), id, sink, reason, place, `${valueBytes} B`]
  return `${fields.join('  ')}  ${output.paint('gray', oneLine(detail))}`
}

/** Shows one dead letter; `--value` gives its value as it was, and nothing else. */
export async function showDeadLetter(
  { api, output }: Context,
  id: string,
  options: { json?: boolean; value?: boolean },
): Promise<void> {
  const found = await api.deadLetter(id)
  if (options.value) return writeValue(found)
  if (options.json) return output.line(JSON.stringify(found, undefined, 2))
  const letter = visible(found)
  const { origin } = letter
  const rows: [string, string][] = [
    ['letter', letter.id],
    ['state', output.paint(STATE_STYLES[letter.state], letter.state)],
    ['sink', letter.sink],
    ['reason', letter.reason],
    ['detail', letter.detail],
    ['origin', `${origin.topic}/${origin.partition} at offset ${origin.offset} (generation ${origin.generation})`],
    ['appended', origin.appendedAt],
    ['refused', `${letter.failedAt}${letter.refusals > 1 ? `, ${letter.refusals} times` : ''}`],
    ['replays', String(letter.replays)],
    ['key', textOf(letter.key) ?? '-'],
    ['value', valueText(letter)],
    ...(letter.degraded ?? []).map(({ component, reason }): [string, string] => [
      'degraded',
      `${component}: ${output.paint('yellow', reason)}`,
    ]),
  ]
  for (const [name, text] of rows) await output.line(`${output.paint('gray', name.padEnd(10))}${text}`)
}

function valueText({ kept, value, valueBytes, origin }: DeadLetterDetail): string {
  if (!kept)
    return `${valueBytes} B, too large to be kept: it lies at ${origin.topic}/${origin.partition}@${origin.offset}`
  return `${valueBytes} B${value === undefined ? '' : `: ${textOf(value) ?? ''}`}`
}

function writeValue({ kept, value, origin }: DeadLetterDetail): void {
  if (kept) {
    process.stdout.write(Buffer.from(value ?? '', 'base64'))
    return
  }
  const place = `${origin.topic}/${origin.partition} at offset ${origin.offset}`
  process.stderr.write(`The value was too large to be kept; it lies at ${place} while the bus has it.\n`)
  process.exitCode = 1
}

function textOf(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : visibleText(Buffer.from(base64, 'base64').toString('utf8'), false)
}

function oneLine(text: string): string {
  const flat = visibleText(text, false).replaceAll(/\s+/g, ' ')
  return flat.length > 100 ? `${flat.slice(0, 99)}…` : flat
}

/**
 * Replays the letters that are named, or those that the filter chooses: `open` ones if it names no state. Before it
 * replays more than one it counts them and asks.
 */
export async function replayDeadLetters(context: Context, ids: string[], options: DlqReplayOptions): Promise<void> {
  const { yes = false, json = false, ...filter } = options
  const filtered = Object.keys(filter).length > 0
  if (ids.length > 0 && filtered) throw usage('Name letters, or choose them by filters, not both.')
  if (ids.length === 0 && !filtered)
    throw usage('Name the letters to replay, or choose them by filters such as --sink.')
  const outcome = ids.length > 0 ? await replayNamed(context, ids, yes) : await replayChosen(context, filter, yes)
  if (!outcome) {
    process.stderr.write('Nothing was replayed.\n')
    process.exitCode = 1
    return
  }
  await report(context, outcome, json)
}

type Outcome = Pick<ReplayPage, 'replayed' | 'skipped'>

async function replayNamed({ api }: Context, ids: string[], yes: boolean): Promise<Outcome | undefined> {
  if (ids.length > 1 && !(await confirmed(`${ids.length} dead letters will be replayed.`, yes))) return undefined
  const outcome: Outcome = { replayed: [], skipped: [] }
  for (const id of ids) {
    try {
      outcome.replayed.push(await api.replayDeadLetter(id))
    } catch (cause) {
      // One that is gone, or can't be replayed, is no reason to leave out the others; a store that is away is.
      if (!(cause instanceof ApiProblem) || cause.problem.status >= 500) throw cause
      outcome.skipped.push({ id, code: cause.problem.code, detail: cause.message })
    }
  }
  return outcome
}

async function replayChosen({ api }: Context, filter: DeadLetterFilter, yes: boolean): Promise<Outcome | undefined> {
  // What is refused from now on is not among those that were counted.
  const chosen: DeadLetterFilter = { state: 'open', until: new Date().toISOString(), ...filter }
  const counts = new Map<string, number>()
  for await (const { sink } of api.allDeadLetters(chosen)) counts.set(sink, (counts.get(sink) ?? 0) + 1)
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (total === 0) return { replayed: [], skipped: [] }
  const perSink = [...counts].map(([sink, count]) => `${count} to ${sink}`).join(', ')
  const what = `${total} dead ${total === 1 ? 'letter' : 'letters'} will be replayed: ${perSink}.`
  if (total > 1 && !(await confirmed(what, yes))) return undefined
  const outcome: Outcome = { replayed: [], skipped: [] }
  for (let cursor: string | undefined, more = true; more;) {
    const page = await api.replayDeadLetters({ ...chosen, limit: 1_000, ...(cursor !== undefined && { cursor }) })
    outcome.replayed.push(...page.replayed)
    outcome.skipped.push(...page.skipped)
    cursor = page.nextCursor
    more = page.hasMore && cursor !== undefined
  }
  return outcome
}

async function confirmed(what: string, yes: boolean): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY) throw usage(`${what} Say --yes where nobody can be asked.`)
  const dialogue = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await dialogue.question(`${what} Go on? [y/N] `)
    return /^y(?:es)?$/i.test(answer.trim())
  } finally {
    dialogue.close()
  }
}

async function report({ output }: Context, { replayed, skipped }: Outcome, json: boolean): Promise<void> {
  if (json) {
    for (const letter of replayed) await output.line(JSON.stringify(letter))
    for (const letter of skipped) await output.line(JSON.stringify(letter))
  } else {
    for (const { id, topic, partition, offset } of replayed) {
      await output.line(`${id}  ${output.paint('green', 'sent')}  ${topic}/${partition}@${offset}`)
    }
    for (const { id, code, detail } of skipped) {
      await output.line(`${id}  ${output.paint('red', 'left out')}  ${code}: ${detail}`)
    }
    const left = skipped.length > 0 ? `, ${skipped.length} left out` : ''
    await output.line(`${replayed.length} replayed${left}. \`runlight dlq show\` tells what became of one.`)
  }
  if (skipped.length > 0) process.exitCode = 1
}

/** The command line is wrong: exit code 2. */
function usage(message: string): CommanderError {
  process.stderr.write(`${message}\n`)
  return new CommanderError(2, 'runlight.usage', message)
}
