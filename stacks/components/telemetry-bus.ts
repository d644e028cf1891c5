// The telemetry bus: any broker that speaks the Kafka protocol. Here one node, of Redpanda or of Apache Kafka in KRaft
// mode, where broker and controller are one.

import type { Settings } from '../settings/schema.ts'
import { NEW_ID, type Component, type Listener, type Program } from './component.ts'
import { renderTemplate } from './template.ts'

const PROPERTIES = 'server.properties'
/** Its log says when; the plain logger that comes with the jars does not, by default. */
const DATED_LOG = ['showDateTime=true', "dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX"]

const common = { name: 'bus', needs: [], startSeconds: 120 } as const

export function apacheKafka(settings: Settings['bus']): Component<'kafka' | 'controller'> {
  return {
    ...common,
    title: 'Telemetry bus (Apache Kafka)',
    program: kafka('kafka.Kafka', `-Xmx${settings.memoryMiB}m`, `-Xms${Math.min(256, settings.memoryMiB)}m`),
    memoryMiB: settings.memoryMiB * 2,
    endpoints: {
      kafka: { port: settings.port, setting: 'bus.port', advertised: true },
      controller: { port: settings.controllerPort, setting: 'bus.controllerPort', inner: true },
    },
    health: { kind: 'kafka', endpoint: 'kafka' },
    launch: (place) => {
      const listeners = place.listeners('kafka')
      const controller = place.listen('controller')
      return {
        arguments: [place.file(PROPERTIES)],
        files: {
          [PROPERTIES]: renderTemplate('kafka/server.properties', {
            listeners: join(listeners, ({ name, host, port }) => `${name}://${host}:${port}`),
            controllerListener: `${controller.host}:${controller.port}`,
            advertised: join(listeners, ({ name, advertised }) => `${name}://${advertised}`),
            protocols: join(listeners, ({ name }) => `${name}:PLAINTEXT`),
            brokerListener: listeners[0]?.name ?? '',
            quorum: place.address('controller'),
            data: place.data,
          }),
        },
        // The cluster's id is made here and lives in the data folder: new data, new cluster.
        initialise: [
          {
            name: 'kafka.tools.StorageTool format',
            program: kafka('kafka.tools.StorageTool'),
            arguments: ['format', '--cluster-id', NEW_ID, '--config', place.file(PROPERTIES)],
          },
        ],
      }
    },
    stop: { signal: 'SIGTERM', graceSeconds: 30 },
  }
}

export function redpanda(settings: Settings['bus']): Component<'kafka' | 'rpc' | 'admin'> {
  return {
    ...common,
    title: 'Telemetry bus (Redpanda)',
    program: { kind: 'tool', tool: 'redpanda', binary: 'redpanda' },
    // What it reserves for itself, and room for what it does not count.
    memoryMiB: settings.memoryMiB + 512,
    endpoints: {
      kafka: { port: settings.port, setting: 'bus.port', advertised: true },
      rpc: { port: settings.controllerPort, setting: 'bus.controllerPort', inner: true },
      admin: { port: settings.adminPort, setting: 'bus.adminPort', inner: true },
    },
    health: { kind: 'kafka', endpoint: 'kafka' },
    metrics: { endpoint: 'admin', path: '/public_metrics' },
    launch: (place) => {
      const listeners = place.listeners('kafka')
      const [rpc, admin] = [place.listen('rpc'), place.listen('admin')]
      const [rpcHost = '', rpcPort = ''] = place.address('rpc').split(':')
      return {
        arguments: [
          `--redpanda-cfg=${place.file('redpanda.yaml')}`,
          ...['--smp=1', '--overprovisioned', '--lock-memory=false', '--reactor-backend=epoll'],
          ...[`--memory=${settings.memoryMiB}M`, '--reserve-memory=0M'],
          '--default-log-level=warn',
        ],
        files: {
          'redpanda.yaml': renderTemplate('redpanda/redpanda.yaml', {
            data: place.data,
            ...{ rpcListenHost: rpc.host, rpcListenPort: rpc.port, rpcHost, rpcPort },
            ...{ adminHost: admin.host, adminPort: admin.port },
            kafka: JSON.stringify(
              listeners.map(({ name, host, port }) => ({ name: name.toLowerCase(), address: host, port })),
            ),
            advertised: JSON.stringify(
              listeners.map(({ name, advertised }) => {
                const [address, port] = advertised.split(':')
                return { name: name.toLowerCase(), address, port: Number(port) }
              }),
            ),
          }),
          // Read once, when the cluster is formed; it has to lie beside the file above.
          '.bootstrap.yaml': renderTemplate('redpanda/bootstrap.yaml', {}),
        },
      }
    },
    stop: { signal: 'SIGTERM', graceSeconds: 30 },
  }
}

function join(listeners: readonly Listener[], show: (listener: Listener) => string): string {
  return listeners.map(show).join(',')
}

function kafka(mainClass: string, ...options: string[]): Program {
  const dated = DATED_LOG.map((option) => `-Dorg.slf4j.simpleLogger.${option}`)
  return { kind: 'java', tool: 'kafka', mainClass, options: [...options, ...dated] }
}
