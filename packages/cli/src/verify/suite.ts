// The acceptance suite: what has to work in an environment, whatever it runs on. New checks (boards, alerts) are added
// to this list.

import type { Check, Finding, Tools } from './check.ts'
import { checkComponents } from './checks/components.ts'
import { checkGrafana, checkLoki, checkPostgres, checkPrometheus } from './checks/data-sources.ts'
import { checkFault } from './checks/fault.ts'
import { checkRecords } from './checks/records.ts'
import { checkRun } from './checks/run.ts'
import type { Environment } from './environment.ts'
import type { Scene } from './scene.ts'

interface Part {
  name: string
  /** Checks whose findings it uses: it begins when they are done, whatever they have found. */
  after?: readonly string[]
  check: (scene: Scene, tools: Tools) => Promise<Finding>
}

const SUITE: readonly Part[] = [
  { name: 'components', check: checkComponents },
  { name: 'run', check: checkRun },
  { name: 'records', after: ['run'], check: checkRecords },
  { name: 'fault', after: ['run'], check: checkFault },
  { name: 'postgres', check: checkPostgres },
  { name: 'loki', after: ['run'], check: checkLoki },
  { name: 'prometheus', check: checkPrometheus },
  { name: 'grafana', check: checkGrafana },
]

/** The checks, each after those that it names. */
export function acceptanceSuite(environment: Environment): Check[] {
  const scene: Scene = { environment }
  return SUITE.map(({ name, after = [], check }) => ({ name, after, run: (tools) => check(scene, tools) }))
}
