// Native processes and jobs as Pulumi resources: what Pulumi asks, answered by process.ts and job.ts.

import { isDeepStrictEqual } from 'node:util'
import type { Provider } from '@pulumi/pulumi/provider/index.js'
import type { JobInputs, ProcessInputs } from './inputs.ts'
import { removeJob, runJob } from './job.ts'
import { driftOf, ensureRunning, removeProcess, stateOf } from './process.ts'
import { openEnvelopes } from './secret-envelope.ts'

type Properties = Record<string, unknown>

const isJob = (urn: string): boolean => urn.includes('runlight:processes:Job::')
const jobInputs = (properties: Properties) => openEnvelopes(properties) as JobInputs

/** The inputs among a resource's properties, without what `ensureRunning` has added. */
function processInputs(properties: Properties): ProcessInputs {
  const { pid: _pid, startTime: _startTime, dataId: _dataId, ...inputs } = openEnvelopes(properties) as Properties
  return inputs as unknown as ProcessInputs
}

/** The provider; `cancelled` ends what it is doing, as Ctrl-C does. */
export function processProvider(cancelled: AbortController) {
  /** Makes it so, and gives the outputs: the inputs (in their envelopes) and what is known of the process. */
  const apply = async (urn: string, inputs: Properties): Promise<Properties> => {
    if (isJob(urn)) {
      await runJob(jobInputs(inputs), cancelled.signal)
      return inputs
    }
    return { ...inputs, ...(await ensureRunning(processInputs(inputs), cancelled.signal)) }
  }

  return {
    version: '0.1.0',

    async create(urn, inputs: Properties) {
      return { id: String(inputs['component']), outs: await apply(urn, inputs) }
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
        changes: changed || (!isJob(urn) && !stateOf(processInputs(olds))),
        replaces: moved ? ['folder'] : [],
        deleteBeforeReplace: true,
      }
    },

    /** A dead process is gone; one whose files were changed on disk shows that as a difference. */
    async read(id, urn, properties: Properties = {}) {
      if (isJob(urn)) return { id, props: properties }
      const inputs = processInputs(properties)
      const state = stateOf(inputs)
      if (!state) return {}
      const drift: ReadonlySet<string> = new Set(driftOf(inputs))
      const kept = Object.entries(properties).filter(([key]) => !drift.has(key))
      return { id, props: { ...Object.fromEntries(kept), ...state } }
    },

    async delete(_id, urn, properties: Properties) {
      await (isJob(urn) ? removeJob(jobInputs(properties)) : removeProcess(processInputs(properties)))
    },

    async cancel() {
      cancelled.abort()
    },
  } satisfies Provider
}
