import { isAbsolute } from 'node:path'

/** How the stack's own provisioning was started: what a person needs to start it again with other arguments. */
export interface ProvisionJob {
  command: readonly string[]
  env: Readonly<Record<string, string>>
  workingFolder: string
}

interface Exported {
  deployment?: {
    resources?: readonly { urn: string; inputs?: Partial<ProvisionJob> }[]
  }
}

/**
 * Finds the provisioning in what `pulumi stack export` gives; undefined where the stack has none that runs as a process
 * on this machine. Its credentials are files that the environment names, so nothing of them is in here.
 */
export function provisionJob(exported: unknown): ProvisionJob | undefined {
  const resources = (exported as Exported).deployment?.resources ?? []
  const inputs = resources.find(({ urn }) => urn.endsWith('::provision'))?.inputs
  const { command, env, workingFolder } = inputs ?? {}
  if (!Array.isArray(command) || !env || !workingFolder || !isAbsolute(workingFolder)) return undefined
  return { command, env, workingFolder }
}

/** Its command with other arguments than the one that it is always run with: `up`. */
export function withArguments({ command }: ProvisionJob, args: readonly string[]): { file: string; args: string[] } {
  const [file = '', ...rest] = command
  return { file, args: [...rest.slice(0, rest.lastIndexOf('up')), ...args] }
}
