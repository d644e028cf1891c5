// The provider plugin that Pulumi starts (Pulumi.yaml, `plugins`): native processes and jobs as resources.

import { isDeepStrictEqual } from 'node:util'
import { main, type Provider } from '@pulumi/pulumi/provider/index.js'
import type { JobInputs, ProcessInputs } from './inputs.ts'
import { runJob } from './job.ts'
import { driftOf, ensureRunning, isRunning, removeProcess, removeRendered } from './process.ts'
import { openEnvelopes } from './secret-envelope.ts'

type Properties = Record<string, unknown>

const cancelled = new AbortController()

const isJob = (urn: string): boolean => urn.includes('runlight:processes:Job::')
const jobInputs = (properties: Properties) => openEnvelopes(properties) as JobInputs

/** The inputs among a resource's properties, without what `ensureRunning` has added. */
function processInputs(properties: Properties): ProcessInputs {
  const { pid: _pid, startTime: _startTime, dataId: _dataId, ...inputs } = openEnvelopes(properties) as Properties
  return inputs as unknown as ProcessInputs
}

/** Makes it so, and gives the outputs: the inputs (in their envelopes) and what is known of the process. */
async function apply(urn: string, inputs: Properties): Promise<Properties> {
  if (isJob(urn)) {
    await runJob(jobInputs(inputs), cancelled.signal)
    return inputs
  }
  return { ...inputs, ...(await ensureRunning(processInputs(inputs), cancelled.signal)) }
}

const provider: Provider = {
  version: '0.1.0',

  async create(urn, inputs: Properties) {
    const outs = await apply(urn, inputs)
    return { id: String(inputs['component']), outs }
  },

  async update(_id, urn, _olds, news: Properties) {
    return { outs: await apply(urn, news) }
  },

  /** A dead process needs an update as much as a changed one, also when it died after the refresh. */
  async diff(_id, urn, olds: Properties, news: Properties) {
    const [was, asked] = [openEnvelopes(olds) as Properties, openEnvelopes(news) as Properties]
    const changed = Object.keys(asked).some((key) => !isDeepStrictEqual(was[key], asked[key]))
    const moved = was['folder'] !== asked['folder']
    return {
      changes: changed || (!isJob(urn) && !isRunning(processInputs(olds))),
      replaces: moved ? ['folder'] : [],
      deleteBeforeReplace: true,
    }
  },

  /** A dead process is gone; one whose files were changed on disk shows that as a difference. */
  async read(id, urn, properties: Properties = {}) {
    if (isJob(urn)) return { id, props: properties }
    const inputs = processInputs(properties)
    if (!isRunning(inputs)) return {}
    const drift = driftOf(inputs)
    const props = Object.fromEntries(Object.entries(properties).filter(([key]) => !drift.some((name) => name === key)))
    return { id, props }
  },

  async delete(_id, urn, properties: Properties) {
    if (!isJob(urn)) await removeProcess(processInputs(properties))
    else removeRendered(jobInputs(properties).folder)
  },

  async cancel() {
    cancelled.abort()
  },
}

/** Pulumi killed outright would leave the plugin waiting for ever. */
function endWithParent(): void {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    cancelled.abort()
    process.exitCode = 1
    setTimeout(() => process.exit(), 15_000).unref()
  }, 1_000)
}

endWithParent()
await main(provider, process.argv.slice(2))
