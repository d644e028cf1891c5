// Where Runlight runs. The program reads like the way of a record: workers write to the bus, bridges carry it into
// the stores, the API reads it back.

import * as pulumi from '@pulumi/pulumi'
import { boards } from './components/boards.ts'
import { lokiBridge, postgresBridge } from './components/bridges.ts'
import { busConsole } from './components/bus-console.ts'
import { demoWorker } from './components/demo-worker.ts'
import { logCollector } from './components/log-collector.ts'
import { logStore } from './components/log-store.ts'
import { metricsStore } from './components/metrics-store.ts'
import { provision } from './components/provision.ts'
import { telemetryApi } from './components/telemetry-api.ts'
import { apacheKafka, redpanda } from './components/telemetry-bus.ts'
import { temporalObserver } from './components/temporal-observer.ts'
import { postgresUrl, traceStore } from './components/trace-store.ts'
import { workflowEngine } from './components/workflow-engine.ts'
import { platform } from './platforms/platform.ts'
import { loadSecrets, loadSettings } from './settings/load.ts'

const settings = loadSettings(pulumi.getStack())
const secrets = loadSecrets()
const on = await platform(settings, secrets) // processes | Docker | Kubernetes

const { broker } = settings.bus
const bus = broker === 'redpanda' ? on.run(redpanda(settings.bus)) : on.run(apacheKafka(settings.bus))
const postgres = on.run(traceStore(settings.postgres, secrets))
const loki = on.run(logStore(settings.loki))
const temporal = on.run(workflowEngine(settings.temporal))

const ready = on.once(provision(settings, secrets, { bus, postgres }))
const logs = on.run(lokiBridge(settings, { bus, loki, after: ready }))
const events = on.run(postgresBridge(settings, secrets, { bus, postgres, after: ready }))
const observer = on.run(temporalObserver(settings, { bus, temporal, after: ready }))
const worker = on.run(demoWorker(settings, { bus, temporal, after: ready, files: on.worker }))

const running = [bus, postgres, loki, temporal, logs, events, observer, worker]
const views = (['console', 'grafana'] as const).filter((name) => settings[name].run === 'yes')
const logged = [...[ready, ...running].map(({ name }) => name), 'api', 'prometheus', ...views]
if (settings.collector.run === 'yes') {
  running.push(on.run(logCollector(settings, secrets, { bus, after: ready, of: logged })))
}
const api = on.run(telemetryApi(settings, secrets, { bus, postgres, loki, temporal, after: ready, around: running }))
running.push(api)

const console = settings.console.run === 'yes' && on.run(busConsole(settings.console, { bus }))
if (console) running.push(console)

const metrics = on.run(metricsStore(settings.prometheus, { scrape: running }))
const grafana = settings.grafana.run === 'yes' && on.run(boards(settings.grafana, secrets, { metrics, loki, postgres }))

/** Where to look, for a person at the machine. */
export const addresses = {
  api: `http://${api.reach('http')}`,
  temporalUi: `http://${temporal.reach('ui')}`,
  temporal: temporal.reach('grpc'),
  broker: bus.reach('kafka'),
  loki: `http://${loki.reach('http')}`,
  postgres: postgresUrl(postgres.reach('postgres'), 'reader'),
  prometheus: `http://${metrics.reach('http')}`,
  ...(console && { console: `http://${console.reach('http')}` }),
  ...(grafana && { grafana: `http://${grafana.reach('http')}` }),
}

/** Where runs of the demo workflow are, for who has only Temporal. */
export const demo = {
  namespace: settings.temporal.namespace,
  taskQueue: settings.demo.taskQueue,
}

/** What runs, for the report. */
export const components = on.components()
