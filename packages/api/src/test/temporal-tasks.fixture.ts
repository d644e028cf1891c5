// A run's first task, taken and answered as a worker does it.

import { defaultPayloadConverter } from '@temporalio/client'
import type { Connection } from '@temporalio/client'
import type { temporal as protos } from '@temporalio/proto'
import proto from '@temporalio/proto'

type Command = protos.api.command.v1.Command.$Properties

/** Takes the first task of a run, whose task queue bears its id, and gives what answers it with a command. */
export async function takeFirstTask(connection: Connection, namespace: string, runId: string) {
  const { taskToken } = await connection.withDeadline(Date.now() + 30_000, () =>
    connection.workflowService.pollWorkflowTaskQueue({
      ...{ namespace, taskQueue: { name: runId }, identity: 'test' },
    }),
  )
  return (command: Command) =>
    connection.workflowService.respondWorkflowTaskCompleted({
      ...{ namespace, taskToken, commands: [command], identity: 'test' },
    })
}

const { CommandType } = proto.temporal.api.enums.v1

export const complete: Command = {
  commandType: CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
  completeWorkflowExecutionCommandAttributes: { result: { payloads: [defaultPayloadConverter.toPayload(1)] } },
}
export const fail: Command = {
  commandType: CommandType.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
  failWorkflowExecutionCommandAttributes: {
    failure: { message: 'the lock file is broken', applicationFailureInfo: { type: 'AuditError', nonRetryable: true } },
  },
}
