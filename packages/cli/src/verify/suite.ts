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

type SceneCheck = (scene: Scene, tools: Tools) => Promise<Finding>

const SUITE: readonly (readonly [name: string, check: SceneCheck])[] = [
  ['components', checkComponents],
  ['run', checkRun],
  ['records', checkRecords],
  ['fault', checkFault],
  ['postgres', checkPostgres],
  ['loki', checkLoki],
  ['prometheus', checkPrometheus],
  ['grafana', checkGrafana],
]

/** The checks, in their order: later ones use what earlier ones have seen. */
export function acceptanceSuite(environment: Environment): Check[] {
  const scene: Scene = { environment }
  return SUITE.map(([name, check]) => ({ name, run: (tools) => check(scene, tools) }))
}
