// What a container gives a component: ports inside the stack's network are those that the settings have by default, so
// that a port moved on the engine's machine touches nobody else.

import type { Component, Place } from '../../components/component.ts'
import { DECLARATIONS } from '../../settings/walk.ts'
import { filePath, secretPath } from './files.ts'

/** Inside a container, everything of it: nobody else is there. */
const ALL = '0.0.0.0'
/** A port for clients from beyond the network, whom the broker tells another address. */
const OUTSIDE_PORT = 29092

type Endpoint = Component['endpoints'][string]

export interface Network {
  /** Name of the engine's machine, for a person. */
  machine: string
}

/** Port by which the stack's own components reach the endpoint. */
export function insidePort({ setting, port }: Endpoint): number {
  const declared = DECLARATIONS.find(({ path }) => path === setting)
  return typeof declared?.default === 'number' ? declared.default : port
}

/** Port inside the container that is published. */
export function outsidePort(endpoint: Endpoint): number {
  return endpoint.advertised ? OUTSIDE_PORT : insidePort(endpoint)
}

export function placeIn<E extends string>(
  name: string,
  endpoints: Component<E>['endpoints'],
  data: string,
  { machine }: Network,
): Place<E> {
  const address = (endpoint: E): string => `${name}:${insidePort(endpoints[endpoint])}`
  return {
    data,
    clients: ['0.0.0.0/0', '::/0'],
    file: filePath,
    secret: secretPath,
    listen: (endpoint) => ({ host: ALL, port: insidePort(endpoints[endpoint]) }),
    listeners: (endpoint) => [
      { name: 'INSIDE', host: ALL, port: insidePort(endpoints[endpoint]), advertised: address(endpoint) },
      { name: 'OUTSIDE', host: ALL, port: OUTSIDE_PORT, advertised: `${machine}:${endpoints[endpoint].port}` },
    ],
    address,
  }
}
