#!/usr/bin/env node
// The `runlight` command: what can be asked, and what its exit code means.
//
// Nothing here imports the contracts' schemas: compiling them takes longer than most answers. What a parameter may be,
// the API knows and says.
//
// 0 it was answered · 1 the API refused, in part or whole, or does not answer · 2 the command line is wrong;
// docs/cli.md has those of each command.

import { createApiClient } from '@runlight/sdk/client/api-client'
import { ApiProblem, ApiUnreachable } from '@runlight/sdk/client/api-problem'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { SHELLS, candidates, completionScript } from './commands/completion.ts'
import type { Shell } from './commands/completion.ts'
import type { StartOptions } from './commands/control.ts'
import { addDlqCommands, withLettersApart } from './commands/dlq-command.ts'
import { addLogsCommand } from './commands/logs-command.ts'
import { addVerifyCommand } from './commands/verify-command.ts'
import { listRuns } from './commands/runs.ts'
import type { RunsOptions } from './commands/runs.ts'
import { showStatus } from './commands/status.ts'
import type { TraceFormat } from './commands/trace.ts'
import { CommandError } from './command-error.ts'
import { DEFAULT_API_URL, addressOnLine, apiAddress, verifiedAddress } from './context.ts'
import type { Context } from './context.ts'
import { momentText } from './logs/moment.ts'
import { endWithOutput, openOutput, wantsColour } from './output.ts'
import { visibleText } from './visible-text.ts'

/** Nobody waits longer for what a word may become. */
const COMPLETION_MS = 2_000

/** How a trace is shown: a bar for each node, one line for each event, or one JSON object for each event. */
const TRACE_FORMATS: readonly TraceFormat[] = ['waterfall', 'events', 'json']

const letGo = endWithOutput()

const program = new Command('runlight')
  .description('Follow workflow runs: status, timeline and log lines')
  .version(manifest.version)
  .option('--api <url>', `address of the API (RUNLIGHT_API_URL; default ${DEFAULT_API_URL})`)
  .option('--no-color', 'plain text')
  .exitOverride()

program
  .command('runs')
  .description('list runs, newest first')
  .option('--status <state>', 'only runs in this state, such as RUNNING or FAILED')
  .option('--workflow <id>', 'only runs of this workflow')
  .option('--since <time>', 'only runs that began then or later: RFC 3339, local, or as 15m ago', momentText)
  .option('--until <time>', 'only runs that began then or before', momentText)
  .option('-n, --lines <count>', 'how many', count, 20)
  .option('--json', 'one JSON object a line')
  .action((options: RunsOptions) => listRuns(context(), options))

program
  .command('status')
  .description("how a run stands; without one, the stack's components: health, version, how far behind")
  .argument('[run]', 'the run')
  .option('--json', 'as JSON')
  .action(async (run: string | undefined, options: { json?: boolean }) => {
    if (run !== undefined) return showStatus(context(), run, options)
    const { showComponents } = await import('./commands/components.ts')
    return showComponents(context(), options)
  })

program
  .command('watch')
  .description('what happens in a run, as it happens; exits as the run did')
  .argument('<run>', 'the run')
  .option('--json', 'one JSON object a line')
  .addHelpText('after', '\nExit codes: 0 completed, 3 failed, 4 cancelled, 5 terminated, 6 timed out')
  .action(async (run: string, options: { json?: boolean }) => {
    const { watchRun } = await import('./commands/watch.ts')
    process.exitCode = await watchRun(context(), run, options)
  })

program
  .command('start')
  .description('start a run of a workflow, and say its id')
  .argument('[workflow]', 'the workflow; the demo if not given')
  .option('--run-id <run>', 'its id; the same command with the same id starts one run')
  .option('--inputs <json>', 'what it is told: JSON, or @file')
  .option('-w, --watch', 'watch it to its end, and exit as it did')
  .option('--json', 'as JSON')
  .action(async (workflow: string | undefined, options: StartOptions) => {
    const { startRun } = await import('./commands/control.ts')
    process.exitCode = await startRun(context(), workflow, options)
  })

program
  .command('cancel')
  .description('ask a run to end')
  .argument('<run>', 'the run')
  .option('--json', 'as JSON')
  .action(async (run: string, options: { json?: boolean }) => {
    const { cancelRun } = await import('./commands/control.ts')
    return cancelRun(context(), run, options)
  })

program
  .command('doctor')
  .description('what is wrong with the stack, and what to do about it')
  .option('--json', 'as JSON')
  .action(async (options: { json?: boolean }) => {
    const { examineStack } = await import('./commands/doctor.ts')
    process.exitCode = await examineStack(context(), options)
  })

program
  .command('completion')
  .description('the script that lets a shell complete: eval "$(runlight completion bash)"')
  .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
  .action((shell: Shell) => void process.stdout.write(completionScript(shell)))

program
  .command('trace')
  .description('the timeline of a run')
  .argument('<run>', 'the run')
  .addOption(new Option('--format <format>', 'how').choices(TRACE_FORMATS).default('waterfall'))
  .action(async (run: string, { format }: { format: TraceFormat }) => {
    const { printTrace } = await import('./commands/trace.ts')
    return printTrace(context(), run, format)
  })

addLogsCommand(program, context, count)
addDlqCommands(program, context, count)
addVerifyCommand(
  program,
  (stack) => ({
    output: context().output,
    api: verifiedAddress(stack, program.opts<{ api?: string }>().api, process.env),
  }),
  count,
)

interface RunFlags {
  component?: string
  runId?: string
  node?: string
  attempt?: number
  execution?: number
  workflow?: string
  org?: string
  brokers?: string
  ansi?: 'keep' | 'strip'
  flushTimeout: number
}

program
  .command('run')
  .description('run a command and ship what it writes')
  .argument('<command...>', 'the command, after --')
  .option('--component <name>', 'for whom its lines are; default: the name of the command')
  .option('--run-id <run>', 'its lines are those of a run (RUNLIGHT_RUN_ID)')
  .option('--node <node>', 'of this node of the run (RUNLIGHT_NODE)')
  .option('--attempt <number>', 'of this attempt (RUNLIGHT_ATTEMPT)', count)
  .option('--execution <number>', 'of this execution of the run (RUNLIGHT_EXECUTION)', count)
  .option('--workflow <id>', 'workflow of the run (RUNLIGHT_WORKFLOW_ID)')
  .option('--org <id>', 'organisation (RUNLIGHT_ORG_ID)')
  .option('--brokers <list>', 'the bus, host:port, comma-separated (LOG_KAFKA_BROKERS)')
  .addOption(new Option('--ansi <how>', 'escape sequences in shipped lines (RUNLIGHT_ANSI)').choices(['keep', 'strip']))
  .option('--flush-timeout <seconds>', 'how long the end may wait for the bus', count, 5)
  .action(async (command: string[], { node, workflow, org, ...flags }: RunFlags) => {
    const { runCommand } = await import('./commands/run.ts')
    // The command itself is to notice that nobody reads it.
    letGo()
    process.exitCode = await runCommand(command, { ...flags, nodeRef: node, workflowId: workflow, orgId: org })
  })

function context(): Context {
  const { api, color } = program.opts<{ api?: string; color: boolean }>()
  const colour = color && wantsColour(process.stdout.isTTY, process.env)
  const baseUrl = apiAddress(api, process.env)
  return { api: createApiClient({ baseUrl }), baseUrl, output: openOutput(colour) }
}

async function complete(words: readonly string[]): Promise<void> {
  const baseUrl = addressOnLine(words, process.env)
  const api = createApiClient({ baseUrl, timeoutMs: COMPLETION_MS })
  for (const candidate of await candidates(program, words, api)) process.stdout.write(`${candidate}\n`)
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

try {
  // The words are a command line that is being typed, not one of ours.
  if (process.argv[2] === '__complete') await complete(process.argv.slice(3))
  else await program.parseAsync(withLettersApart(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else if (error instanceof CommandError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error.exitCode
  } else if (error instanceof ApiProblem) {
    process.stderr.write(`${error.problem.title}: ${visibleText(error.message, false)}\n`)
    process.exitCode = 1
  } else if (error instanceof ApiUnreachable) {
    process.stderr.write(
      `${error.message} Is the stack up (npm run up, or npm run up -- --stack <name>)? --api or RUNLIGHT_API_URL names another one.\n`,
    )
    process.exitCode = 1
  } else if (error instanceof Error && 'code' in error && error.code === 'RL_CONFIG_INVALID') {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  } else {
    throw error
  }
}
