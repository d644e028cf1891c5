// `npm run provision [-- up|status|down] [-- --accept-generation] [-- --force] [-- --stack <name>]`: what `up` does once
// with a stack's bus and database, with the stack's own settings and credentials, for what only a person may decide.

import { parseArgs } from 'node:util'
import { Failure } from './failure.ts'
import { npmRun } from './npm-run.ts'
import { cloneRoot } from './environment/home.ts'
import { existingStack, hasState } from './pulumi/existing.ts'
import { provisionJob, withArguments } from './pulumi/provision-job.ts'
import { CommandFailed, run } from './tools/command.ts'
import { runVerb } from './verb.ts'

const VERBS = ['up', 'status', 'down']

async function provision(signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stack: { type: 'string', default: 'local' },
      'accept-generation': { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
    },
  })
  const [verb = 'up', ...rest] = positionals
  if (!VERBS.includes(verb) || rest.length > 0) {
    throw new Failure({
      what: `There is no \`npm run provision -- ${positionals.join(' ')}\`.`,
      why: `It does one of: ${VERBS.join(', ')}.`,
      next: `For instance: ${npmRun('provision', values.stack, 'status')}`,
    })
  }
  const stack = await existingStack(values.stack)
  if (!stack.env || !hasState(stack)) {
    throw new Failure({
      what: `There is no stack ${values.stack} whose bus and database could be provisioned.`,
      why: 'Pulumi knows none of this name here.',
      next: `${npmRun('up', values.stack)} makes it, and provisions it.`,
    })
  }
  const args = ['stack', 'export', '--stack', stack.stack, '--non-interactive']
  const job = provisionJob(JSON.parse(await run({ file: 'pulumi', args, cwd: cloneRoot, env: stack.env, signal })))
  if (!job) {
    throw new Failure({
      what: `Stack ${values.stack} has no provisioning that this machine could run.`,
      why: 'It is not up, or its programs run in containers.',
      next:
        `Run \`${npmRun('up', values.stack)}\` first; with containers, run the provision image with the stack's variables ` +
        'and these arguments.',
    })
  }
  const flags = (['accept-generation', 'force'] as const).filter((flag) => values[flag]).map((flag) => `--${flag}`)
  const { PATH, HOME, LANG } = process.env
  const env = { PATH, HOME, LANG, ...job.env }
  try {
    const onLine = (line: string) => console.log(line)
    await run({ ...withArguments(job, [verb, ...flags]), cwd: job.workingFolder, env, signal, onLine })
    return 0
  } catch (cause) {
    // It has said on its own what failed and what to do next.
    if (cause instanceof CommandFailed) return 1
    throw cause
  }
}

await runVerb('provision', provision)
