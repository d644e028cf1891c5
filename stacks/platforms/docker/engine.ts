// The engine that runs the containers, asked over its HTTP API (https://docs.docker.com/reference/api/engine/): only
// to say early and clearly what would go wrong. What is made, the provider makes.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIPv4 } from 'node:net'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { programError } from '../../program-error.ts'
import { LABELS } from './labels.ts'

export const THIS_MACHINE = 'unix:///var/run/docker.sock'
const ANSWER_MS = 10_000
const OWN_IMAGES = `/images/json?filters=${encodeURIComponent('{"reference":["runlight/*"]}')}`

/** Answers of the engine, as far as they are read here. */
export interface EngineState {
  host: string
  apiVersion: string
  cpus: number
  /** Where it keeps containers and their logs, on its own machine. */
  root: string
  containers: readonly EngineContainer[]
  volumes: readonly { name: string; labels: Readonly<Record<string, string>> }[]
  /** Names of our own images, as far as no registry stands before them. */
  images: readonly string[]
}

export interface EngineContainer {
  Id: string
  Names: string[]
  State: string
  Status: string
  Labels: Record<string, string>
  Ports: { IP?: string; PublicPort?: number }[]
  /** What is known of one of ours that is `(unhealthy)`. */
  detail?: ContainerDetail
}

/** Of `/containers/<id>/json`; durations in nanoseconds, times in RFC 3339. */
export interface ContainerDetail {
  State: {
    StartedAt: string
    Health?: { FailingStreak: number; Log: { Start: string; ExitCode: number }[] | null }
  }
  Config: { Healthcheck?: { Interval?: number; StartPeriod?: number; Timeout?: number } | null }
}

/** The setting, else what any Docker client takes: DOCKER_HOST, else the socket of this machine. */
export function engineHost(setting: string, env: NodeJS.ProcessEnv): string {
  return setting || env['DOCKER_HOST'] || THIS_MACHINE
}

/** Whether its ports are ports of this machine. */
export function isOnThisMachine(host: string): boolean {
  return host.startsWith('unix://')
}

/** Name by which ports that are published on an address of the engine's machine are reached from here. */
export function machineOf(host: string, publishOn: string): string {
  if (isIPv4(publishOn) && publishOn !== '0.0.0.0') return publishOn
  return isOnThisMachine(host) ? '127.0.0.1' : new URL(host).hostname
}

/** @throws programError when it does not answer */
export async function readEngine(host: string, env: NodeJS.ProcessEnv): Promise<EngineState> {
  const ask = <T>(path: string) => askEngine(host, path, env) as Promise<T>
  try {
    const [version, info, listed, volumes, images] = await Promise.all([
      ask<{ ApiVersion: string }>('/version'),
      ask<{ NCPU: number; DockerRootDir: string }>('/info'),
      ask<EngineContainer[]>('/containers/json?all=1'),
      ask<{ Volumes: { Name: string; Labels: Record<string, string> | null }[] | null }>('/volumes'),
      ask<{ RepoTags: string[] | null }[]>(OWN_IMAGES),
    ])
    const containers = await Promise.all(
      listed.map(async (container) => {
        const isOurs = container.Labels[LABELS.stack] !== undefined
        if (!isOurs || !container.Status.includes('(unhealthy)')) return container
        return { ...container, detail: await ask<ContainerDetail>(`/containers/${container.Id}/json`) }
      }),
    )
    return {
      host,
      apiVersion: version.ApiVersion,
      cpus: info.NCPU,
      root: info.DockerRootDir,
      containers,
      volumes: (volumes.Volumes ?? []).map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} })),
      images: images.flatMap(({ RepoTags }) => RepoTags ?? []),
    }
  } catch (cause) {
    throw programError(
      `The Docker engine at ${host} cannot be reached: ${reasonOf(cause)}. ` +
        'Start it (Debian: service docker start) and see that you may use it (`docker version` shows both), or name ' +
        "another one: DOCKER_HOST, or pulumi config set --stack <stack> --path 'runlight:docker.host' ssh://user@machine",
    )
  }
}

/** @throws Error with the engine's words; what is not there is no error */
export async function removeFromEngine(host: string, path: string, env: NodeJS.ProcessEnv): Promise<void> {
  await askEngine(host, path, env, 'DELETE')
}

async function askEngine(host: string, path: string, env: NodeJS.ProcessEnv, method = 'GET'): Promise<unknown> {
  const { secure, options } = connectionTo(host, env)
  const text = await new Promise<string>((resolve, reject) => {
    const request = (secure ? httpsRequest : httpRequest)({ ...options, path, method }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0 } = response
        if (statusCode === 200 || (method === 'DELETE' && [204, 404].includes(statusCode))) resolve(body)
        else reject(new Error(`it answers ${response.statusCode}: ${body.trim().slice(0, 300)}`))
      })
    })
    // A connection over SSH is no socket that could tell of its silence.
    const over = setTimeout(() => request.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS)
    request.on('close', () => clearTimeout(over))
    request.on('error', reject)
    request.end()
  })
  return method === 'GET' ? JSON.parse(text) : undefined
}

/** As the docker command does: a socket, TCP (with TLS where that is asked for), or its own command over SSH. */
function connectionTo(host: string, env: NodeJS.ProcessEnv): { secure: boolean; options: RequestOptions } {
  if (isOnThisMachine(host)) return { secure: false, options: { socketPath: host.slice('unix://'.length) } }
  const url = new URL(host)
  // With an agent, even one of its own, the request would not take the connection that is made here.
  if (url.protocol === 'ssh:') return { secure: false, options: { createConnection: () => overSsh(url) } }
  if (url.protocol !== 'tcp:') throw new Error(`${url.protocol}// is none of unix://, tcp:// and ssh://`)
  const secure = Boolean(env['DOCKER_TLS_VERIFY'])
  const folder = env['DOCKER_CERT_PATH'] ?? join(env['HOME'] ?? '', '.docker')
  const file = (name: string) => readFileSync(join(folder, name))
  const certificates = secure ? { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') } : {}
  return { secure, options: { host: url.hostname, port: url.port || (secure ? 2376 : 2375), ...certificates } }
}

function overSsh({ hostname, port, username }: URL): Duplex {
  const target = username === '' ? hostname : `${username}@${hostname}`
  const args = ['-o', 'BatchMode=yes', ...(port === '' ? [] : ['-p', port]), '--', target, 'docker system dial-stdio']
  const child = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const connection = new Duplex({
    read: () => child.stdout.resume(),
    // Why nobody takes it any more is told by ssh, at its end.
    write: (chunk: Buffer, _, taken) => child.stdin.write(chunk, () => taken()),
    final: (ended) => child.stdin.end(() => ended()),
  })
  child.stdin.on('error', () => undefined)
  child.stdout.on('data', (chunk: Buffer) => {
    if (!connection.push(chunk)) child.stdout.pause()
  })
  child.on('error', (cause) => connection.destroy(cause))
  child.on('close', (code) => {
    if (code === 0) connection.push(null)
    else connection.destroy(new Error(`ssh ${target}: ${said.trim() || `ended with exit code ${code}`}`))
  })
  connection.on('close', () => child.kill())
  return connection
}

/** Node leaves the message empty where it has tried several addresses. */
function reasonOf(cause: unknown): string {
  const { message, code } = cause as NodeJS.ErrnoException
  // It stands before a full stop.
  return (message || code || String(cause)).replace(/\.$/, '')
}
