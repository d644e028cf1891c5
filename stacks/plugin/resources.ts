// The plugin's resources as the program declares them.

import * as pulumi from '@pulumi/pulumi'
import type { JobInputs, ProcessInputs } from './inputs.ts'

interface Secrets {
  /** File name → text; to be given as Pulumi secrets. */
  secrets: Record<string, pulumi.Input<string>>
}

export type ProcessArguments = Omit<ProcessInputs, 'secrets'> & Secrets
export type JobArguments = Omit<JobInputs, 'secrets' | 'data'> & Secrets & { data: pulumi.Input<string>[] }

/** A native process that runs, ready, for as long as the resource exists. */
export class Process extends pulumi.CustomResource {
  declare readonly pid: pulumi.Output<number>
  declare readonly dataId: pulumi.Output<string>

  constructor(name: string, inputs: ProcessArguments, options: pulumi.CustomResourceOptions) {
    super('runlight:processes:Process', name, { ...inputs, pid: undefined, dataId: undefined }, options)
  }
}

/** A program that has run to its end with these inputs and on this data. */
export class Job extends pulumi.CustomResource {
  constructor(name: string, inputs: JobArguments, options: pulumi.CustomResourceOptions) {
    super('runlight:processes:Job', name, { ...inputs }, options)
  }
}
