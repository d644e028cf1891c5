// `npm run up [-- --stack <name>]`: set-up, everything provisioned through Pulumi, then one real run and where to look.

import { parseArgs } from 'node:util'
import { Failure } from './failure.ts'
import { npmRun } from './npm-run.ts'
import { readOutputs } from './pulumi/outputs.ts'
import { runUpdate } from './pulumi/update.ts'
import { report } from './report.ts'
import { setup } from './setup.ts'
import { progressFor } from './terminal/progress.ts'
import { runVerb } from './verb.ts'

async function up(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { stack: { type: 'string', default: 'local' } } })
  const { stack, env } = await setup({ stack: values.stack, signal })
  const progress = progressFor()
  try {
    await progress.step(`stack ${stack}`, () => runUpdate({ verb: 'up', stack, env, progress, signal }))
  } finally {
    progress.close()
  }
  const outputs = await readOutputs(stack, env, signal)
  if (!outputs) {
    throw new Failure({
      what: `The stack ${stack} is up, but its outputs are missing.`,
      why: `\`pulumi stack output --stack ${stack}\` names no components.`,
      next: `Look at \`pulumi stack --stack ${stack}\`, then run \`${npmRun('up', stack)}\` again.`,
    })
  }
  await report(stack, outputs, signal)
  return 0
}

await runVerb('up', up)
