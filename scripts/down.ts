// `npm run down [-- --stack <name>] [-- --volumes]`: takes a stack away, through Pulumi. Data, logs and credentials stay;
// with --volumes they go, too.

import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { componentFoldersInUse } from '../stacks/plugin/record.ts'
import { stop } from '../stacks/plugin/stop.ts'
import { npmRun } from './npm-run.ts'
import { existingStack, hasState, type ExistingStack } from './pulumi/existing.ts'
import { readOutputs } from './pulumi/outputs.ts'
import { engineOf, hasPortsHere, removeFromStack } from './pulumi/containers.ts'
import { removeStack, verifyRemoved } from './pulumi/remove.ts'
import { runUpdate } from './pulumi/update.ts'
import { progressFor, type Progress } from './terminal/progress.ts'
import { runVerb } from './verb.ts'

const STRAY_GRACE_SECONDS = 10

async function down(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: { stack: { type: 'string', default: 'local' }, volumes: { type: 'boolean', default: false } },
  })
  const existing = await existingStack(values.stack)
  const { stack, folder, settingsFile } = existing
  if (!hasState(existing) && !existsSync(folder) && !existsSync(settingsFile)) {
    console.log(`There is no stack ${stack}: nothing to take away.`)
    return 0
  }
  const engine = await engineOf(existing)
  const ports = hasPortsHere(engine) ? await portsOf(existing, signal) : []
  const progress = progressFor()
  try {
    await progress.step(`take ${stack} away`, () => takeAway(existing, progress, signal))
    if (values.volumes) {
      if (engine !== undefined) await progress.step('remove its volumes', () => removeFromStack(engine, stack))
      await progress.step('remove its data', () => removeStack(existing, signal))
    }
  } finally {
    progress.close()
  }
  if (values.volumes) verifyRemoved(existing, ports)
  console.log(
    values.volumes
      ? `The stack ${stack} is gone, and so are its data, logs and credentials.`
      : `The stack ${stack} is down. ${kept(stack, folder, engine)}`,
  )
  return 0
}

function kept(stack: string, folder: string, engine: string | undefined): string {
  const command = `\`${npmRun('down', stack, '--volumes')}\``
  return engine === undefined
    ? `Its data and logs are kept in ${folder}; ${command} removes them.`
    : `Its data are kept in volumes named runlight-${stack}-… on ${engine}; ${command} removes them.`
}

async function takeAway(existing: ExistingStack, progress: Progress, signal: AbortSignal): Promise<void> {
  const { stack, env, folder } = existing
  if (env && hasState(existing)) await runUpdate({ verb: 'destroy', stack, env, progress, signal })
  // What Pulumi does not know of: its state was lost, or an update was killed.
  for (const stray of componentFoldersInUse(folder)) {
    await progress.step(`stop what is left of ${stray}`, () => stop(stray, 'SIGTERM', STRAY_GRACE_SECONDS))
  }
}

async function portsOf(existing: ExistingStack, signal: AbortSignal): Promise<number[]> {
  if (!existing.env || !hasState(existing)) return []
  const outputs = await readOutputs(existing.stack, existing.env, signal)
  return Object.values(outputs?.components ?? {}).flatMap(({ ports }) => Object.values(ports))
}

await runVerb('down', down)
