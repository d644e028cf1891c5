// Do the data sources answer that people and boards read from? Each by its own interface where its address is known,
// else as the API finds it.

import { setTimeout as sleep } from 'node:timers/promises'
import { DATA_SOURCES, type DataSource } from '@runlight/contracts/data-sources'
import { TENANT_HEADER } from '@runlight/contracts/labels'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import { ask, askJson } from '../ask.ts'
import { failed, ok, skipped } from '../check.ts'
import type { Finding, Tools } from '../check.ts'
import type { AddressName } from '../environment.ts'
import type { Scene } from '../scene.ts'

const POLL_MS = 1_000
/** Of Grafana's user `admin`, in the stack's settings. */
const PASSWORD = 'grafanaAdminPassword'

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
    const seen = down.length > 0 ? `Prometheus cannot scrape ${down.join(', ')}.` : 'Prometheus has scraped nothing.'
    say(seen, `See ${address}/targets. ${logsOf(...down)}`)
    await sleep(POLL_MS, undefined, { signal })
  }
}

/** Grafana asks each data source itself, with the credentials that it has for it. */
export async function checkGrafana(scene: Scene, { signal }: Tools): Promise<Finding> {
  const { stack } = scene.environment
  const address = stack?.outputs.addresses.grafana
  if (stack === undefined || address === undefined) return skipped(stack ? 'This environment runs none.' : NO_ADDRESS)
  const { database, version } = await askJson<{ database: string; version: string }>(`${address}/api/health`, signal)
  if (database !== 'ok') return failed(`Grafana ${version} says that its database is ${database}.`, logsOf('grafana'))
  let password: string
  try {
    password = await stack.readSecret(PASSWORD, signal)
  } catch (error) {
    signal.throwIfAborted()
    return failed(
      `Grafana ${version} answers at ${address}, but its data sources were not asked: the password of its user admin cannot ` +
        `be read: ${(error as Error).message}`,
      `Verify where the stack's credentials can be read: \`pulumi config get runlight:${PASSWORD} --stack ${stack.name}\`.`,
    )
  }
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
  const answers = await Promise.all(
    DATA_SOURCES.map(async (uid) => ({ uid, fault: await faultOfSource(address, uid, authorization, signal) })),
  )
  const faults = answers.flatMap(({ uid, fault }) => (fault === undefined ? [] : [`${uid}: ${fault}`]))
  if (faults.length > 0) {
    return failed(`Grafana ${version} does not reach all data sources. ${faults.join('; ')}.`, logsOf('grafana'))
  }
  return ok(`Grafana ${version} answers at ${address}, and so do its data sources: ${DATA_SOURCES.join(', ')}.`)
}

/** What is asked through Grafana where it has no question of its own for that kind: before version 10, these two. */
const THROUGH: Partial<Record<DataSource, string>> = {
  prometheus: 'api/v1/query?query=1',
  loki: 'loki/api/v1/labels',
}

/** Why it doesn't answer Grafana; undefined where it does. */
async function faultOfSource(
  address: string,
  uid: DataSource,
  authorization: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const health = await ask(`${address}/api/datasources/uid/${uid}/health`, signal, { authorization })
    if (health.status === 401) return 'Grafana refuses the password of admin that the stack has; was it changed there?'
    if (health.status === 404) return await faultThrough(address, uid, authorization, signal)
    const answer = JSON.parse(health.text) as { status?: string; message?: string }
    return health.ok && answer.status === 'OK' ? undefined : (answer.message ?? `Grafana answered ${health.status}`)
  } catch (error) {
    signal.throwIfAborted()
    return (error as Error).message
  }
}

async function faultThrough(
  address: string,
  uid: DataSource,
  authorization: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = THROUGH[uid]
  const missing = 'Grafana has no such data source, or it is of a kind that cannot be asked'
  if (path === undefined) return missing
  const { ok: isOk, status } = await ask(`${address}/api/datasources/proxy/uid/${uid}/${path}`, signal, {
    authorization,
  })
  if (isOk) return undefined
  return status === 404 ? missing : `asked through Grafana, it answers ${status}`
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
