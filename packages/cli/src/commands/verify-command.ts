// `runlight verify` on the command line.

import type { Command } from 'commander'
import type { Output } from '../output.ts'
import type { VerifyOptions } from './verify.ts'

/** Adds the command; `given` tells the address that was named beside that stack, if one was. */
export function addVerifyCommand(
  program: Command,
  given: (stack: string | undefined) => { output: Output; api: string | undefined },
  count: (text: string) => number,
): void {
  program
    .command('verify')
    .description('the acceptance suite: does this environment do what it promises?')
    .option('--stack <name>', 'addresses from the outputs of this Pulumi stack; default local, unless the API is named')
    .option('--timeout <seconds>', 'longest time of one check', count, 90)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nIt starts two runs of the demo workflow, one of which is made to fail.')
    .action(async (options: Omit<VerifyOptions, 'api'>) => {
      const { verifyEnvironment } = await import('./verify.ts')
      const { output, api } = given(options.stack)
      process.exitCode = await verifyEnvironment(output, { ...options, api })
    })
}
