// The API as a process.

import { readEnvironment } from '@runlight/contracts/environment'
import { createLog } from '@runlight/service/log'
import { quietKafka } from '@runlight/service/quiet-kafka'
import { readOrEnd } from '@runlight/service/read-or-end'
import { runService } from '@runlight/service/run'
import { startApi } from './api.ts'

const { instance, logLevel } = readOrEnd('api', () => readEnvironment(['instance', 'logLevel']))
const log = createLog({ component: 'api', instance, level: logLevel })

await runService(log, async () => {
  quietKafka()
  const env = readEnvironment([
    'listen',
    'postgresUrl',
    'postgresPassword',
    'lokiUrl',
    'lokiLabels',
    'postgresDirectUrl',
    'liveBufferBytes',
    'liveStreams',
    'origins',
    'temporalAddress',
    'temporalNamespace',
    'temporalTaskQueue',
    'runPrefix',
    'componentPages',
    'brokers',
    'logTopic',
    'eventTopic',
    'deadLetterTopic',
  ])
  const { stop } = await startApi({
    listen: env.listen,
    postgres: { url: env.postgresUrl, password: env.postgresPassword },
    lokiUrl: env.lokiUrl,
    lokiLabels: env.lokiLabels,
    ...(env.postgresDirectUrl && { postgresDirectUrl: env.postgresDirectUrl }),
    origins: env.origins,
    live: { bufferBytes: env.liveBufferBytes, streams: env.liveStreams },
    temporal: { address: env.temporalAddress, namespace: env.temporalNamespace },
    start: { taskQueue: env.temporalTaskQueue, runPrefix: env.runPrefix },
    componentPages: env.componentPages,
    brokers: env.brokers,
    topics: { logs: env.logTopic, events: env.eventTopic },
    deadLetterTopic: env.deadLetterTopic,
    instance,
    log,
  })
  return { ended: new Promise(() => undefined), stop }
})
