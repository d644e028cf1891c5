// /healthz, /readyz and /metrics of a service.

import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Health } from '@runlight/contracts/api'
import type { Registry } from 'prom-client'

export type Checks = Health['checks']

export interface EndpointSettings {
  listen: { host: string; port: number }
  component: string
  version: string
  registry: Registry
  /** Stage of the life cycle, such as `running`. */
  state: () => string
  /** Is the process able to go on? When not, a supervisor should restart it. */
  live: () => Checks | Promise<Checks>
  /** Can it do its work now, with everything it needs? */
  ready: () => Checks | Promise<Checks>
}

export interface Endpoints {
  /** The port in use; differs from the setting when that was 0. */
  port: number
  close: () => Promise<void>
}

/**
 * Serves the three addresses. Health answers 200 or 503 with the checks in the body; anything else is 404.
 * @throws the server's error when the address can't be bound (EADDRINUSE)
 */
export async function serveEndpoints(settings: EndpointSettings): Promise<Endpoints> {
  const server = createServer((request, response) => {
    void answer(settings, request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(settings.listen.port, settings.listen.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(settings: EndpointSettings, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?')[0]
  try {
    if (path === '/metrics') {
      response.writeHead(200, { 'content-type': settings.registry.contentType })
      response.end(await settings.registry.metrics())
      return
    }
    const checks = path === '/healthz' ? settings.live : path === '/readyz' ? settings.ready : undefined
    if (!checks) {
      response.writeHead(404).end()
      return
    }
    const health = describeHealth(settings, await checks())
    response.writeHead(health.status === 'ok' ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify(health))
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
  }
}

/** The body of a health answer: ok when every check is. */
export function describeHealth(
  { component, version, state }: Pick<EndpointSettings, 'component' | 'version' | 'state'>,
  checks: Checks,
): Health {
  const ok = Object.values(checks).every((check) => check.ok)
  return { status: ok ? 'ok' : 'failing', component, version, state: state(), checks }
}
