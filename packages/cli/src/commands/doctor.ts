// `runlight doctor`: what is wrong with the stack, seen from here, and what to do about it.

import type { ComponentState } from '@runlight/contracts/api'
import { ApiUnreachable } from '@runlight/sdk/client/api-problem'
import type { Context } from '../context.ts'
import { visibleText } from '../visible-text.ts'
import { recordsBehind } from './components.ts'

interface Finding {
  state: 'good' | 'notable' | 'bad'
  what: string
  /** What to do next. */
  next?: string
}

const MARKS = { good: ['✔', 'green'], notable: ['!', 'yellow'], bad: ['✖', 'red'] } as const

/** So many records are no more than what is on its way. */
const BEHIND = 10_000

/** Prints what it finds; 1 when something does not work. */
export async function examineStack(context: Context, { json }: { json?: boolean }): Promise<number> {
  const { output } = context
  const findings = await examine(context)
  if (json) await output.line(JSON.stringify(findings, undefined, 2))
  else {
    for (const { state, what, next } of findings) {
      const [mark, style] = MARKS[state]
      await output.line(`${output.paint(style, mark)} ${visibleText(what, false)}`)
      if (next !== undefined) await output.line(`  next: ${next}`)
    }
  }
  return findings.some(({ state }) => state === 'bad') ? 1 : 0
}

async function examine({ api, baseUrl }: Context): Promise<Finding[]> {
  let components: readonly ComponentState[]
  try {
    components = (await api.components()).components
  } catch (error) {
    if (!(error instanceof ApiUnreachable)) throw error
    const next =
      'Start the stack with `npm run up` or `npm run up -- --stack <name>`, ' +
      'or name the address of its API by --api or RUNLIGHT_API_URL.'
    return [{ state: 'bad', what: error.message, next }]
  }
  const letters = await openLetters(api)
  return [
    { state: 'good', what: `The API answers at ${baseUrl}.` },
    ...components.flatMap(ofComponent),
    ...collector(components),
    ...letters,
  ]
}

function ofComponent(component: ComponentState): Finding[] {
  const { name, health, version } = component
  const behind = recordsBehind(component) ?? 0
  const findings: Finding[] = []
  if (health?.ok) findings.push({ state: 'good', what: `${name}${version ? ` ${version}` : ''} answers.` })
  if (health && !health.ok) {
    findings.push({
      state: 'bad',
      what: `${name} does not answer: ${health.detail ?? 'no reason given'}.`,
      next: `See \`runlight logs ${name} -n 50\`; on \`local\`, \`npm run up\` starts what has died.`,
    })
  }
  if (behind > BEHIND) {
    findings.push({
      state: 'notable',
      what: `${name} has ${behind} records of the bus not stored yet.`,
      next: `Ask again in a minute: does it get fewer? If not, \`runlight logs ${name} -l warn,error\` says why.`,
    })
  }
  return findings
}

/** Without it the components are mute. */
function collector(components: readonly ComponentState[]): Finding[] {
  if (components.some(({ name }) => name === 'log-collector')) return []
  return [
    {
      state: 'notable',
      what: 'No line of the log collector has arrived, so lines of components may be missing.',
      next: "Look at its log file (`pulumi stack output components --stack <name>`), or at the containers' own logs where it does not run.",
    },
  ]
}

async function openLetters(api: Context['api']): Promise<Finding[]> {
  try {
    const { deadLetters, hasMore } = await api.deadLetters({ state: 'open', limit: 100 })
    if (deadLetters.length === 0) return [{ state: 'good', what: 'No record was refused.' }]
    const count = `${deadLetters.length}${hasMore ? ' or more' : ''}`
    const what = `${count} ${deadLetters.length === 1 ? 'record was' : 'records were'} refused by a store and ${deadLetters.length === 1 ? 'waits' : 'wait'} as dead ${deadLetters.length === 1 ? 'letter' : 'letters'}.`
    return [{ state: 'notable', what, next: 'See `runlight dlq list`.' }]
  } catch {
    return [] // the store that holds them is away, which was found already
  }
}
