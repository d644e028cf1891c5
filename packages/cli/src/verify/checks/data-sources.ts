// Do the data sources answer that people and boards read from? Each by its own interface where its address is known,
// else as the API finds it.

import { setTimeout as sleep } from 'node:timers/promises'
import { TENANT_HEADER } from '@runlight/contracts/labels'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import { askJson } from '../ask.ts'
import { failed, ok, skipped } from '../check.ts'
import type { Finding, Tools } from '../check.ts'
import type { AddressName } from '../environment.ts'
import type { Scene } from '../scene.ts'

const POLL_MS = 1_000

/** Its credentials are secrets, so the API is asked, which reads it with its own. */
export async function checkPostgres(_: Scene, { api }: Tools): Promise<Finding> {
  const { runs } = await api.runs({ limit: 1 })
  const { health, version } = (await componentState(api, 'postgres')) ?? {}
  if (!health?.ok) return failed(`The API finds: ${health?.detail ?? 'no state of postgres'}.`, logsOf('postgres'))
  return ok(`PostgreSQL ${version ?? ''} answers the API; it holds ${runs.length > 0 ? 'runs' : 'no run yet'}.`)
}

export async function checkLoki(scene: Scene, { api, signal }: Tools): Promise<Finding> {
  const address = addressOf(scene, 'loki')
  const { health, version = '' } = (await componentState(api, 'loki')) ?? {}
  if (!health?.ok) return failed(`The API finds: ${health?.detail ?? 'no state of loki'}.`, logsOf('loki'))
  if (address === undefined) return ok(`Loki ${version} answers the API; its own address is not known.`)
  const tenant = scene.followed?.done.status.orgId ?? UNASSIGNED_ORG
  const { data = [] } = await askJson<{ data?: string[] }>(`${address}/loki/api/v1/labels`, signal, {
    [TENANT_HEADER]: tenant,
  })
  return ok(`Loki ${version} answers at ${address}; labels of ${tenant}: ${data.join(', ') || 'none yet'}.`)
}

interface Up {
  data: { result: { metric: { job?: string; instance?: string }; value: [time: number, value: string] }[] }
}

/** A target that has just come up is given until the next scrape. */
export async function checkPrometheus(scene: Scene, { signal, say }: Tools): Promise<Finding> {
  const address = addressOf(scene, 'prometheus')
  if (address === undefined) return skipped(NO_ADDRESS)
  for (;;) {
    const { data } = await askJson<Up>(`${address}/api/v1/query?query=up`, signal)
    const jobs = (value: string) =>
      data.result.filter((sample) => sample.value[1] === value).map(({ metric }) => metric.job ?? metric.instance ?? '')
    const [up, down] = [jobs('1').sort(), jobs('0').sort()]
    if (up.length > 0 && down.length === 0) {
      return ok(`Prometheus answers at ${address}; all ${up.length} targets are up: ${up.join(', ')}.`)
    }
    const seen = down.length > 0 ? `Prometheus can not scrape ${down.join(', ')}.` : 'Prometheus has scraped nothing.'
    say(seen, `See ${address}/targets. ${logsOf(...down)}`)
    await sleep(POLL_MS, undefined, { signal })
  }
}

export async function checkGrafana(scene: Scene, { signal }: Tools): Promise<Finding> {
  const address = addressOf(scene, 'grafana')
  if (address === undefined) return skipped(scene.environment.stack ? 'This environment runs none.' : NO_ADDRESS)
  const { database, version } = await askJson<{ database: string; version: string }>(`${address}/api/health`, signal)
  if (database !== 'ok') return failed(`Grafana ${version} says that its database is ${database}.`, logsOf('grafana'))
  return ok(`Grafana ${version} answers at ${address}.`)
}

const NO_ADDRESS = 'Its address is not known; --stack reads it from the outputs of a stack.'

function addressOf({ environment }: Scene, name: AddressName): string | undefined {
  return environment.stack?.outputs.addresses[name]
}

async function componentState(api: Tools['api'], name: string) {
  return (await api.components()).components.find((component) => component.name === name)
}

function logsOf(...components: string[]): string {
  return `See \`runlight logs ${components.join(' ')} -n 50\`.`
}
