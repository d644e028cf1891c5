// provision up|down|status [--accept-generation] [--force]

import { parseArgs } from 'node:util'
import { RunlightError } from '@runlight/contracts/errors'
import { createLog } from '@runlight/service/log'
import { printReport } from './report.ts'
import type { Report } from './report.ts'
import { provisionDown, provisionStatus, provisionUp } from './verbs.ts'

const USAGE = `provision up [--accept-generation]   topics, generations, roles, migrations: makes what is missing
provision status                     says what is there
provision down [--force]             reverts the migrations; topics and roles stay. Refused while there is data`

const surroundings = {
  log: createLog({ component: 'provision', instance: '0', level: 'warn' }),
  variables: process.env,
}

async function run(): Promise<Report> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'accept-generation': { type: 'boolean', default: false }, force: { type: 'boolean', default: false } },
  })
  const [verb, ...rest] = positionals
  if (rest.length > 0) throw new RunlightError('RL_CONFIG_INVALID', `One verb is expected.\n${USAGE}`)
  if (verb === 'up') return provisionUp(surroundings, { acceptGeneration: values['accept-generation'] })
  if (verb === 'down') return provisionDown(surroundings, { force: values.force })
  if (verb === 'status') return provisionStatus(surroundings)
  throw new RunlightError('RL_CONFIG_INVALID', `The verb must be up, down or status.\n${USAGE}`)
}

try {
  printReport(await run())
} catch (cause) {
  const message = cause instanceof Error ? cause.message : String(cause)
  const next = cause instanceof RunlightError ? `\n${cause.next} (${cause.code})` : ''
  process.stderr.write(`Provisioning failed: ${message}${next}\n`)
  process.exitCode = 1
}
