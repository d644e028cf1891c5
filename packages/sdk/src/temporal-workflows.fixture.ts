// Workflows that temporal.stack.test.ts runs.

import {
  ActivityCancellationType,
  ApplicationFailure,
  continueAsNew,
  executeChild,
  proxyActivities,
} from '@temporalio/workflow'

export interface Activities {
  act: (how: How) => Promise<string>
}
export type How = 'work' | 'fail twice' | 'fail for good' | 'fail by its type' | 'hang' | 'complete elsewhere'

function act(activityId: string, how: How): Promise<string> {
  const { act } = proxyActivities<Activities>({
    activityId,
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '10 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumAttempts: 3, initialInterval: '10 milliseconds', nonRetryableErrorTypes: ['Hopeless'] },
  })
  return act(how)
}

/** One node. */
export async function single(how: How): Promise<string> {
  return act('node', how)
}

/** So many nodes at once. */
export async function parallel(nodes: number, how: How): Promise<void> {
  await Promise.all(Array.from({ length: nodes }, (_, i) => act(`node ${i + 1}`, how)))
}

/** One node in each of so many Temporal runs. */
export async function chain(links: number): Promise<void> {
  await act('link', 'work')
  if (links > 1) await continueAsNew<typeof chain>(links - 1)
}

/** A node, then a failure of the run as a whole, so that it is retried. */
export async function retried(): Promise<void> {
  await act('node', 'work')
  throw ApplicationFailure.create({ message: 'again' })
}

/** A node, and a child that has one too. */
export async function parent(childId: string): Promise<void> {
  await act('node', 'work')
  await executeChild(single, { workflowId: childId, args: ['work'] })
}
