// Shell completion: `runlight completion bash|zsh|fish` gives the script, which asks `runlight __complete` for each word.

import type { Command } from 'commander'
import type { ApiClient } from '@runlight/sdk/client/api-client'

const SCRIPTS = {
  // Bash parts words at each colon (COMP_WORDBREAKS), and puts the answer in the place of what follows the last one. Unlike
  // the other two it does not quote what it puts there.
  bash: `_runlight() {
  local IFS=$'\\n' line=\${COMP_LINE:0:COMP_POINT} words=() word last=-1 part
  for word in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if ((last >= 0)) && [[ -n $line && $line != [[:blank:]]* && ($word == :* || \${words[last]} == *:) ]]; then
      words[last]+=$word
    else
      words[++last]=$word
    fi
    while [[ $line == [[:blank:]]* ]]; do line=\${line#?}; done
    line=\${line#"$word"}
  done
  part=
  if [[ \${words[last]} != "\${COMP_WORDS[COMP_CWORD]}" ]]; then part=\${words[last]%"\${words[last]##*:}"}; fi
  COMPREPLY=()
  while read -r word; do
    word=\${word#"$part"}
    if [[ $word == *[!A-Za-z0-9_.,:=/@+%-]* ]]; then printf -v word %q "$word"; fi
    COMPREPLY+=("$word")
  done < <(runlight __complete "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _runlight runlight
`,
  zsh: `#compdef runlight
_runlight() {
  local -a candidates
  candidates=(\${(f)"$(runlight __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if ((\${#candidates})); then compadd -a candidates; else _files; fi
}
compdef _runlight runlight
`,
  fish: `complete -c runlight -f -a '(runlight __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
complete -c runlight -s o -l output -rF
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

/** Options whose values may be several, comma-separated. */
const LISTS: ReadonlySet<string> = new Set(['--level', '--stream'])

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
export async function candidates(program: Command, line: readonly string[], api: ApiClient): Promise<string[]> {
  // bash takes `--level=w` for three words; for the others what becomes of it has the option before it.
  const assigned = /^(--[a-z-]+=)(.*)$/s.exec(line.at(-1) ?? '')
  if (assigned) {
    const [, option = '', value = ''] = assigned
    const values = await candidates(program, [...line.slice(0, -1), option.slice(0, -1), value], api)
    return values.map((candidate) => option + candidate)
  }
  const words = line.at(-1) === '=' ? [...line.slice(0, -1), ''] : line.filter((one) => one !== '=')
  const typed = words.at(-1) ?? ''
  const { command, rest } = commandOf(program, words.slice(0, -1))
  const last = rest.at(-1)
  const options = [...command.options, ...(command === program ? [] : program.options)].filter(({ hidden }) => !hidden)
  const valued = options.find(
    ({ long, short, required }) => required && last !== undefined && (long === last || short === last),
  )
  const all = async (): Promise<readonly string[]> => {
    if (valued?.long === '--node') return nodeNames(rest, api)
    if (valued) return valued.argChoices ?? VALUES[valued.long ?? ''] ?? []
    if (typed.startsWith('-')) return options.flatMap(({ long }) => long ?? [])
    if (command.commands.length > 0) return command.commands.map((sub) => sub.name())
    const choices = command.registeredArguments[0]?.argChoices
    if (choices) return choices
    const kinds = ARGUMENTS[command.name()] ?? []
    return (await Promise.all(kinds.map((kind) => namesOf(kind, api)))).flat()
  }
  // The last of a list.
  const before = valued && LISTS.has(valued.long ?? '') ? typed.slice(0, typed.lastIndexOf(',') + 1) : ''
  const word = typed.slice(before.length)
  const taken = before === '' ? rest : before.split(',')
  return (await all())
    .filter((candidate) => candidate.startsWith(word) && !taken.includes(candidate))
    .map((candidate) => before + candidate)
}

/** The command that the words lead to, and the words that are its own. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: readonly string[] } {
  let command = program
  let own = 0
  for (const [index, word] of words.entries()) {
    const sub = command.commands.find((candidate) => candidate.name() === word)
    if (sub) [command, own] = [sub, index + 1]
  }
  return { command, rest: words.slice(own) }
}

/** Nodes of the run that is named first, else components. */
async function nodeNames(words: readonly string[], api: ApiClient): Promise<readonly string[]> {
  const [run] = words
  if (run === undefined || run.startsWith('-')) return namesOf('components', api)
  try {
    const { executions } = await api.timeline(run)
    return [...new Set(executions.flatMap(({ nodes }) => nodes.map(({ nodeRef }) => nodeRef)))]
  } catch {
    return []
  }
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
