// Workflows for tests: each runs a plan that the test hands over, so that one bundle covers every case.

import {
  ApplicationFailure,
  condition,
  continueAsNew,
  executeChild,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from '@temporalio/workflow'
import type { ActivityOptions } from '@temporalio/workflow'
import type * as activities from './activities.fixture.ts'
import type { Behaviour } from './activities.fixture.ts'

/** One node: an activity with the node's name as its id. */
export interface Step extends Behaviour {
  node: string
  options?: Omit<ActivityOptions, 'activityId'>
  /** Its failure is caught and the plan goes on. */
  optional?: boolean
}

export interface Plan {
  /** Stages run one after the other, the steps of a stage side by side. */
  stages: Step[][]
  local?: Behaviour & { node: string }
  child?: { workflowId: string; plan: Plan }
  /** What the workflow does when its stages are done. */
  then?: 'wait' | 'fail' | 'fail-once' | 'continue'
}

export async function followPlan(plan: Plan): Promise<string> {
  for (const stage of plan.stages) await Promise.all(stage.map(runStep))
  if (plan.local) {
    await proxyLocalActivities<typeof activities>({ startToCloseTimeout: '10s' }).behave(plan.local)
  }
  if (plan.child) {
    await executeChild(followPlan, { workflowId: plan.child.workflowId, args: [plan.child.plan] })
  }
  if (plan.then === 'wait') await condition(() => false)
  if (plan.then === 'fail') throw ApplicationFailure.nonRetryable('The plan ends in failure', 'PlanFailed', { at: 1 })
  if (plan.then === 'fail-once' && workflowInfo().attempt === 1) throw ApplicationFailure.create({ message: 'Not yet' })
  if (plan.then === 'continue') await continueAsNew<typeof followPlan>({ stages: plan.stages })
  return 'done'
}

async function runStep({ node, options, optional, ...behaviour }: Step): Promise<void> {
  const { behave } = proxyActivities<typeof activities>({
    startToCloseTimeout: '30s',
    ...options,
    activityId: node,
  })
  try {
    await behave(behaviour)
  } catch (error) {
    if (!optional) throw error
  }
}
