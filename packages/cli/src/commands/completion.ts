// Shell completion: `runlight completion bash|zsh|fish` gives the script, which asks `runlight __complete` for each word.

import type { Command } from 'commander'
import type { ApiClient } from '@runlight/sdk/client/api-client'

const SCRIPTS = {
  bash: `_runlight() {
  local IFS=$'\\n'
  COMPREPLY=($(runlight __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _runlight runlight
`,
  zsh: `#compdef runlight
_runlight() {
  local -a candidates
  candidates=("\${(@f)$(runlight __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a candidates
}
compdef _runlight runlight
`,
  fish: `complete -c runlight -f -a '(runlight __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const

export type Shell = keyof typeof SCRIPTS
export const SHELLS = Object.keys(SCRIPTS) as Shell[]

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell]
}

/** Values of options that take one of a few words. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  '--level': ['debug', 'info', 'warn', 'error'],
  '--stream': ['stdout', 'stderr', 'system', 'terminal', 'agent'],
  '--status': ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'],
  '--since': ['5m', '15m', '1h', '24h'],
}

/** Commands whose words are runs, components, or both. */
const ARGUMENTS: Readonly<Record<string, readonly ('runs' | 'components')[]>> = {
  logs: ['components', 'runs'],
  status: ['runs'],
  trace: ['runs'],
  watch: ['runs'],
  cancel: ['runs'],
}

const RUNS = 20

/** What the last word may become; the ones before it are the command line so far, without `runlight`. */
export async function candidates(program: Command, words: readonly string[], api: ApiClient): Promise<string[]> {
  const word = words.at(-1) ?? ''
  const { command, rest } = commandOf(program, words.slice(0, -1))
  const before = rest.at(-1)
  const options = [...command.options, ...(command === program ? [] : program.options)].filter(({ hidden }) => !hidden)
  const valued = options.find(
    ({ long, short, required }) => required && before !== undefined && (long === before || short === before),
  )
  const all = async (): Promise<readonly string[]> => {
    if (valued) return valued.argChoices ?? VALUES[valued.long ?? ''] ?? []
    if (word.startsWith('-')) return options.flatMap(({ long }) => long ?? [])
    if (command.commands.length > 0) return command.commands.map((sub) => sub.name())
    const kinds = ARGUMENTS[command.name()] ?? []
    return (await Promise.all(kinds.map((kind) => namesOf(kind, api)))).flat()
  }
  return (await all()).filter((candidate) => candidate.startsWith(word) && !rest.includes(candidate))
}

/** The command that the words lead to, and the words that are its own. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: readonly string[] } {
  let command = program
  for (const [index, word] of words.entries()) {
    const sub = command.commands.find((candidate) => candidate.name() === word)
    if (!sub && command.commands.length === 0) return { command, rest: words.slice(index) }
    if (sub) command = sub
  }
  return { command, rest: words.filter((word) => word.startsWith('-')) }
}

/** An API that is away completes nothing. */
async function namesOf(kind: 'runs' | 'components', api: ApiClient): Promise<string[]> {
  try {
    if (kind === 'components') return (await api.components()).components.map(({ name }) => name)
    return (await api.runs({ limit: RUNS })).runs.map(({ runId }) => runId)
  } catch {
    return []
  }
}
