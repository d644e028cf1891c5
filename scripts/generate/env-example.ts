// `.env.example`: every variable that a service reads, with its meaning and default.

import type { Variable } from '@runlight/contracts/variable'
import { VARIABLES } from '@runlight/contracts/environment'

const HEAD = `# Every variable that a Runlight service reads. A stack sets them for its own services; you set them
# for a worker of your own, or for a service that you run by hand. A commented line shows the default.
`

/** Values that fit the \`local\` stack, for variables without a default. */
const LOCAL: Readonly<Record<string, string>> = {
  LOG_KAFKA_BROKERS: '127.0.0.1:17092',
  RUNLIGHT_LISTEN: '127.0.0.1:17820',
  RUNLIGHT_LOKI_URL: 'http://127.0.0.1:17310',
  RUNLIGHT_POSTGRES_URL: 'postgres://runlight_reader@127.0.0.1:17432/runlight',
  RUNLIGHT_TEMPORAL_ADDRESS: '127.0.0.1:17233',
}

export function envExample(): string {
  const blocks = Object.values<Variable<unknown>>(VARIABLES).map(({ name, aliases = [], doc, fallback }) => {
    const lines = [`# ${doc}`]
    if (fallback !== undefined) lines.push(`#${name}=${String(fallback ?? '')}`)
    else lines.push(`${LOCAL[name] === undefined ? '#' : ''}${name}=${LOCAL[name] ?? ''}`)
    for (const alias of aliases) lines.push(`# An older name for it: ${alias}`)
    return lines.join('\n')
  })
  return `${[HEAD, ...blocks].join('\n')}\n`
    .replaceAll(/\n(#[^\n]*\n)(?=#?[A-Z])/g, '\n\n$1')
    .replaceAll(/\n{3,}/g, '\n\n')
}
