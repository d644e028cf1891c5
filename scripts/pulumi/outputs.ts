import { cloneRoot } from '../environment/home.ts'
import type { StackOutputs } from '../report.ts'
import { run } from '../tools/command.ts'

/** What the program says of the stack; empty when it is not up. */
export async function readOutputs(
  stack: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<StackOutputs | undefined> {
  const args = ['stack', 'output', '--json', '--stack', stack, '--non-interactive']
  const outputs = JSON.parse(await run({ file: 'pulumi', args, cwd: cloneRoot, env, signal })) as Partial<StackOutputs>
  return outputs.components ? (outputs as StackOutputs) : undefined
}
