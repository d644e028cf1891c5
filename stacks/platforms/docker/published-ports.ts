// Ports that are taken, found before anything is made.

import { portHolder } from '../../plugin/port-holder.ts'
import { programError } from '../../program-error.ts'
import { isOnThisMachine, type EngineState } from './engine.ts'
import { LABELS } from './labels.ts'

export interface PublishedPort {
  component: string
  endpoint: string
  port: number
  /** The setting that moves it. */
  setting: string
}

/** @throws programError that names who holds the port */
export function refuseTakenPort(
  engine: EngineState,
  stack: string,
  { component, endpoint, port, setting }: PublishedPort,
): void {
  const publishers = engine.containers.filter(
    ({ State, Ports }) => State === 'running' && Ports.some(({ PublicPort }) => PublicPort === port),
  )
  if (publishers.some(({ Labels }) => Labels[LABELS.stack] === stack)) return
  const [other] = publishers
  const holder = other ? `the container ${other.Names[0]?.slice(1)}` : processOn(engine, port)
  if (!holder) return
  throw programError(
    `Port ${port} of ${component} (${endpoint}) is taken by ${holder}. ` +
      `Stop it, or choose another port: pulumi config set --stack ${stack} --path 'runlight:${setting}' <port>`,
  )
}

/** Ports of another machine can't be seen from here: its engine refuses a taken one itself. */
function processOn({ host }: EngineState, port: number): string | undefined {
  const holder = isOnThisMachine(host) ? portHolder(port) : undefined
  if (!holder) return undefined
  return holder.pid === undefined
    ? 'a process of another user'
    : `process ${holder.pid} (${holder.command?.slice(0, 200)})`
}
