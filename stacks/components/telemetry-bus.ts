// The telemetry bus: any broker that speaks the Kafka protocol. Here Apache Kafka in KRaft mode, one node that is
// broker and controller in one.

import { NEW_ID } from '../plugin/inputs.ts'
import type { Settings } from '../settings/schema.ts'
import type { Component, Program } from './component.ts'
import { renderTemplate } from './template.ts'

const PROPERTIES = 'server.properties'
/** Its log says when; the plain logger that comes with the jars does not, by default. */
const DATED_LOG = ['showDateTime=true', "dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX"]

export function telemetryBus(settings: Settings['bus']): Component<'kafka' | 'controller'> {
  return {
    name: 'bus',
    title: 'Telemetry bus (Apache Kafka)',
    program: kafka('kafka.Kafka', `-Xmx${settings.memoryMiB}m`, `-Xms${Math.min(256, settings.memoryMiB)}m`),
    needs: [],
    memoryMiB: settings.memoryMiB * 2,
    endpoints: {
      kafka: { port: settings.port, setting: 'bus.port' },
      controller: { port: settings.controllerPort, setting: 'bus.controllerPort' },
    },
    health: { kind: 'kafka', endpoint: 'kafka' },
    launch: (place) => {
      const listener = (endpoint: 'kafka' | 'controller') => {
        const { host, port } = place.listen(endpoint)
        return `${host}:${port}`
      }
      return {
        arguments: [place.file(PROPERTIES)],
        files: {
          [PROPERTIES]: renderTemplate('kafka/server.properties', {
            kafkaListener: listener('kafka'),
            controllerListener: listener('controller'),
            advertised: place.address('kafka'),
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
    startSeconds: 120,
    stop: { signal: 'SIGTERM', graceSeconds: 30 },
  }
}

function kafka(mainClass: string, ...options: string[]): Program {
  const dated = DATED_LOG.map((option) => `-Dorg.slf4j.simpleLogger.${option}`)
  return { kind: 'java', tool: 'kafka', mainClass, options: [...options, ...dated] }
}
