// The outputs and the credentials of a stack, by the Pulumi CLI: that of the clone, as `npm run setup` has prepared it, else the one there is.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StackOutputs } from './environment.ts'
import { runProgram } from './run-program.ts'

/** Pulumi takes some seconds; a backend that does not answer is not waited for. */
const PULUMI_MS = 60_000

/** @throws Error with what Pulumi says */
export async function readStackOutputs(stack: string, signal: AbortSignal): Promise<StackOutputs> {
  const text = await runPulumi(['stack', 'output', '--json'], stack, signal)
  const outputs = JSON.parse(text) as Partial<StackOutputs>
  if (!outputs.addresses || !outputs.components) throw new Error('It has none: it is not up.')
  return outputs as StackOutputs
}

/**
 * A credential of the stack, decrypted; nobody prints it.
 * @throws Error with what Pulumi says, such as that a passphrase is missing
 */
export async function readStackSecret(stack: string, name: string, signal: AbortSignal): Promise<string> {
  return (await runPulumi(['config', 'get', `runlight:${name}`], stack, signal)).trimEnd()
}

async function runPulumi(args: readonly string[], stack: string, signal: AbortSignal): Promise<string> {
  const project = projectFolder(process.cwd()) ?? projectFolder(dirname(fileURLToPath(import.meta.url)))
  if (project === undefined) throw new Error('There is no Pulumi.yaml here or above.')
  const env = join(process.env['RUNLIGHT_HOME'] ?? join(project, '.runlight'), 'env')
  const script = '[ ! -f "$0" ] || . "$0"; exec pulumi "$@"'
  return runProgram({
    file: 'sh',
    args: ['-c', script, env, ...args, '--stack', stack, '--non-interactive', '--color=never'],
    cwd: project,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PULUMI_MS)]),
  })
}

function projectFolder(folder: string): string | undefined {
  if (existsSync(join(folder, 'Pulumi.yaml'))) return folder
  return dirname(folder) === folder ? undefined : projectFolder(dirname(folder))
}
