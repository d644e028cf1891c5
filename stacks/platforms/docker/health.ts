// How the engine asks a container for its health: by the component's own question, put with what the image has.

import type { types } from '@pulumi/docker'
import type { HealthQuestion } from '../../components/component.ts'
import type { PinnedImage } from './catalogue.ts'

const HOST = '127.0.0.1'
/** A question is a process of its own, which takes its time on a busy machine; one that is refused fails at once. */
const TIMEOUT_SECONDS = 15
const RETRIES = 3
const INTERVAL_SECONDS = 10
/** While a container starts, where the engine can ask more often then. */
const START_INTERVAL = '1s'
/** First version of the engine's API that knows `start_interval`. */
const START_INTERVAL_SINCE = '1.44'
/** Between two questions where it can't: start-up waits for the first. */
const INTERVAL_WITHOUT_SECONDS = 3

/** @throws Error when the image has nothing to put the question with */
export function healthcheck<E extends string>(
  question: HealthQuestion<E>,
  port: number,
  { image, asks, askSeconds }: Pick<PinnedImage, 'image' | 'asks' | 'askSeconds'>,
  { startSeconds, apiVersion }: { startSeconds: number; apiVersion: string },
): types.input.ContainerHealthcheck {
  const command = asks?.[question.kind]
  if (!command) throw new Error(`configs/versions.json says nothing of how to ask ${image} over ${question.kind}`)
  const values = valuesOf(question, port)
  const canStartInterval = isAtLeast(apiVersion, START_INTERVAL_SINCE)
  return {
    tests: ['CMD', ...command.map((part) => part.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? ''))],
    interval: goDuration(askSeconds ?? (canStartInterval ? INTERVAL_SECONDS : INTERVAL_WITHOUT_SECONDS)),
    timeout: goDuration(TIMEOUT_SECONDS),
    startPeriod: goDuration(startSeconds),
    ...(canStartInterval ? { startInterval: START_INTERVAL } : {}),
    retries: RETRIES,
  }
}

function valuesOf<E extends string>(question: HealthQuestion<E>, port: number): Readonly<Record<string, string>> {
  const address = `${HOST}:${port}`
  const common = { host: HOST, port: String(port), address, origin: `http://${address}` }
  switch (question.kind) {
    case 'http':
      return { ...common, url: `http://${address}${question.path}` }
    case 'kafka':
      return common
    case 'postgres':
      return { ...common, user: question.user, database: question.database }
    case 'temporal':
      return { ...common, namespace: question.namespace }
  }
}

/** As Go writes a duration; the provider compares texts, so another spelling would look like a change. */
function goDuration(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60]
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`
}

function isAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}
