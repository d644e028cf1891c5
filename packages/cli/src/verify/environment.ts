// What is verified: addresses, from the outputs of a stack or as they were given.

import { CommandError } from '../command-error.ts'
import { DEFAULT_API_URL } from '../context.ts'
import { readStackOutputs, readStackSecret } from './stack-outputs.ts'

/** A component as the stack's output `components` tells of it. */
export interface ComponentOutput {
  title: string
  /** Address of its readiness page, or (`kafka:`, `postgres:`, `temporal:`) how else its health is asked. */
  health: string
}

export type AddressName = 'api' | 'loki' | 'prometheus' | 'grafana'

/** The outputs of a stack; stacks/index.ts has them all. */
export interface StackOutputs {
  addresses: Partial<Record<AddressName, string>>
  components: Readonly<Record<string, ComponentOutput>>
}

interface Stack {
  name: string
  outputs: StackOutputs
  /** A credential by its name in the stack's settings; fails where it can't be decrypted here. */
  readSecret: (name: string, signal: AbortSignal) => Promise<string>
}

export interface Environment {
  apiUrl: string
  /** Undefined where only the address of the API is known. */
  stack: Stack | undefined
}

export interface EnvironmentOptions {
  /** Name of a Pulumi stack. */
  stack: string | undefined
  /** Address of the API, where one was named: `verifiedAddress`. */
  api: string | undefined
  signal: AbortSignal
}

const DEFAULT_STACK = 'local'

/** What brings a stack up, and starts what has died of it, as it is advised; both commands where its name is not known. */
export function upCommand(stack: string | undefined): string {
  if (stack === undefined) return '`npm run up` or `npm run up -- --stack <name>`'
  return stack === DEFAULT_STACK ? '`npm run up`' : `\`npm run up -- --stack ${stack}\``
}

/**
 * The environment that the options name; without any, the stack `local`, or the API where `npm run up` puts it.
 * @throws CommandError when a stack is named and its outputs can't be read
 */
export async function findEnvironment({ stack, api, signal }: EnvironmentOptions): Promise<Environment> {
  if (stack === undefined && api !== undefined) return { apiUrl: api, stack: undefined }
  const name = stack ?? DEFAULT_STACK
  try {
    const outputs = await readStackOutputs(name, signal)
    const apiUrl = api ?? outputs.addresses.api
    if (apiUrl === undefined) throw new Error(`The stack ${name} has no API`)
    return { apiUrl, stack: { name, outputs, readSecret: (secret, during) => readStackSecret(name, secret, during) } }
  } catch (error) {
    signal.throwIfAborted()
    if (stack === undefined) return { apiUrl: DEFAULT_API_URL, stack: undefined }
    const next =
      `Is it up (\`pulumi stack output --stack ${name}\`)? ` +
      'Without Pulumi, name its API by --api or RUNLIGHT_API_URL instead of the stack.'
    throw new CommandError(`The outputs of the stack ${name} cannot be read: ${(error as Error).message}\n${next}`)
  }
}
