// The settings and credentials of the stack that Pulumi is working on.

import * as pulumi from '@pulumi/pulumi'
import { programError } from '../program-error.ts'
import { readSettings } from './read.ts'
import type { Settings } from './schema.ts'
import { SECRETS, type SecretName } from './secrets.ts'

/** Exported by the SDK, but left out of its type declarations. */
const runtime = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean }

export type Secrets = Readonly<Record<SecretName, pulumi.Output<string>>>

/** @throws programError that names every fault of the configuration */
export function loadSettings(stack: string): Settings {
  try {
    return readSettings({
      stack,
      // `npm run setup` names another file for a home of its own.
      file: process.env['PULUMI_OPTION_CONFIG_FILE'] ?? `configs/stacks/Pulumi.${stack}.yaml`,
      values: pulumi.runtime.allConfig(),
      isSecret: (key) => runtime.isConfigSecret(key),
    })
  } catch (error) {
    throw programError((error as Error).message)
  }
}

/** Only to be asked after loadSettings, which reports what is missing. */
export function loadSecrets(): Secrets {
  const config = new pulumi.Config('runlight')
  return Object.fromEntries(SECRETS.map((name) => [name, config.requireSecret(name)])) as unknown as Secrets
}
