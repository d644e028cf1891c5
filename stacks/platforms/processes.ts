// Native processes on this machine, without containers: each component is a resource of our provider plugin.

import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type * as pulumi from '@pulumi/pulumi'
import type {
  Component,
  HealthQuestion,
  Launch,
  Place,
  Program,
  Running,
  SetUpStep,
  Task,
} from '../components/component.ts'
import type { Health, Step } from '../plugin/inputs.ts'
import { layoutOf } from '../plugin/layout.ts'
import { Job, Process } from '../plugin/resources.ts'
import { programError } from '../program-error.ts'
import type { ComponentReport, Platform } from './platform.ts'
import { readClone } from './source-digest.ts'
import { binaryOf, readTools } from './tools.ts'

/** Nothing listens beyond this machine. */
const HOST = '127.0.0.1'
const CLIENTS = [`${HOST}/32`, '::1/128']
const CLONE = fileURLToPath(new URL('../..', import.meta.url))

/** @throws programError on another system than Linux, whose /proc tells one process from another */
export function processes(stack: string): Platform {
  if (process.platform !== 'linux') {
    throw programError(
      `Native processes run on Linux; this is ${process.platform}. Use a machine or container with Linux.`,
    )
  }
  const home = resolve(CLONE, process.env['RUNLIGHT_HOME'] ?? '.runlight')
  const tools = readTools(home)
  const clone = readClone(CLONE)
  const reports: Record<string, ComponentReport> = {}

  const folderOf = (name: string): string => join(home, stack, name)

  /** The program as a command, with its version and the digest of its sources where they are ours. */
  const programOf = (program: Program, folder: string) => {
    switch (program.kind) {
      case 'tool': {
        const tool = tools(program.tool)
        return { command: [binaryOf(tool, program.binary)], version: tool.version, sources: '', workingFolder: folder }
      }
      case 'java': {
        const tool = tools(program.tool)
        const java = binaryOf(tools('java'), 'java')
        const command = [java, ...program.options, '-cp', `${binaryOf(tool, 'libs')}/*`, program.mainClass]
        return { command, version: tool.version, sources: '', workingFolder: folder }
      }
      case 'package': {
        const { workspace, entry } = program
        return {
          command: [process.execPath, '--import', 'tsx', join(clone.folderOf(workspace), entry)],
          version: clone.version(workspace),
          sources: clone.sourceDigest(workspace),
          workingFolder: CLONE,
        }
      }
    }
  }

  const inputsOf = <E extends string>(
    described: Component<E> | Task,
    { arguments: args, environment, files }: Launch,
  ) => {
    const folder = folderOf(described.name)
    const { command, ...program } = programOf(described.program, folder)
    return {
      component: described.name,
      folder,
      ...program,
      command: [...wrapperOf(described), ...command, ...args],
      env: { ...environment },
      files: { ...files },
      secrets: { ...described.secrets } as Record<string, pulumi.Output<string>>,
    }
  }

  const stepsOf = (described: Pick<Component, 'name' | 'unprivileged'>, steps: readonly SetUpStep[] = []): Step[] =>
    steps.map(({ name, program, arguments: args, input }) => ({
      name,
      command: [...wrapperOf(described), ...programOf(program, folderOf(described.name)).command, ...args],
      env: {},
      ...(input === undefined ? {} : { stdin: input }),
    }))

  return {
    run<E extends string>(component: Component<E>): Running<E> {
      const { name, title, endpoints, metrics } = component
      const address = (endpoint: E): string => `${HOST}:${endpoints[endpoint].port}`
      const launch = component.launch(placeIn(folderOf(name), component.endpoints))
      const health = healthOf(component.health, address)
      const inputs = inputsOf(component, launch)
      const resource = new Process(
        name,
        {
          ...inputs,
          health,
          initialise: stepsOf(component, launch.initialise),
          prepare: stepsOf(component, launch.prepare),
          locks: (launch.locks ?? []).map((lock) => join(layoutOf(inputs.folder).data, lock)),
          ...(launch.writeAheadLog !== undefined && {
            writeAheadLog: join(layoutOf(inputs.folder).data, launch.writeAheadLog),
          }),
          listeners: Object.entries<{ port: number; setting: string }>(endpoints).map(
            ([endpoint, { port, setting }]) => ({
              endpoint,
              host: HOST,
              port,
              setting,
            }),
          ),
          startSeconds: component.startSeconds,
          stopSignal: component.stop.signal,
          stopSeconds: component.stop.graceSeconds,
        },
        { dependsOn: component.needs.map((need) => need.resource) },
      )
      reports[name] = {
        title,
        version: inputs.version,
        health: describeHealth(health),
        ports: Object.fromEntries(
          Object.entries<{ port: number }>(endpoints).map(([endpoint, { port }]) => [endpoint, port]),
        ),
        log: layoutOf(inputs.folder).log,
        pid: resource.pid,
      }
      return {
        name,
        resource,
        address,
        reach: address,
        ...(metrics && { metrics: { address: address(metrics.endpoint), path: metrics.path } }),
        ...(health.kind === 'http' && { page: health.url }),
        dataId: resource.dataId,
      }
    },

    once(task) {
      const resource = new Job(
        task.name,
        {
          ...inputsOf(task, task.launch(placeIn(folderOf(task.name), {}))),
          data: task.on.map((component) => component.dataId),
          limitSeconds: task.limitSeconds,
        },
        { dependsOn: task.needs.map((need) => need.resource) },
      )
      return { name: task.name, resource }
    },

    components: () => reports,
    worker: { lockFile: join(CLONE, 'package-lock.json'), outputFolder: join(home, 'reports') },
  }
}

function placeIn<E extends string>(folder: string, endpoints: Component<E>['endpoints']): Place<E> {
  const layout = layoutOf(folder)
  return {
    data: layout.data,
    clients: CLIENTS,
    file: (name) => join(layout.files, name),
    secret: (name) => join(layout.secrets, name),
    listen: (endpoint) => ({ host: HOST, port: endpoints[endpoint].port }),
    // One network: the machine.
    listeners: (endpoint) => {
      const { port } = endpoints[endpoint]
      return [{ name: 'BROKER', host: HOST, port, advertised: `${HOST}:${port}` }]
    },
    address: (endpoint) => `${HOST}:${endpoints[endpoint].port}`,
    output: (component) => `file:${layoutOf(join(dirname(folder), component)).log}`,
  }
}

/** Who is root keeps its files, but to the program (PostgreSQL) it looks like an ordinary user. */
function wrapperOf(described: object): string[] {
  const isRoot = process.getuid?.() === 0
  return 'unprivileged' in described && described.unprivileged && isRoot
    ? ['unshare', '--map-user=1000', '--map-group=1000', '--']
    : []
}

function healthOf<E extends string>(question: HealthQuestion<E>, address: (endpoint: E) => string): Health {
  const [host = '', port] = address(question.endpoint).split(':')
  switch (question.kind) {
    case 'http':
      return { kind: 'http', url: `http://${host}:${port}${question.path}` }
    case 'kafka':
      return { kind: 'kafka', broker: `${host}:${port}` }
    case 'postgres': {
      const { user, database, passwordSecret } = question
      return { kind: 'postgres', host, port: Number(port), user, database, passwordSecret }
    }
    case 'temporal':
      return { kind: 'temporal', address: `${host}:${port}`, namespace: question.namespace }
  }
}

function describeHealth(health: Health): string {
  switch (health.kind) {
    case 'http':
      return health.url
    case 'kafka':
      return `kafka://${health.broker}`
    case 'postgres':
      return `postgres://${health.user}@${health.host}:${health.port}/${health.database}`
    case 'temporal':
      return `temporal://${health.address}/${health.namespace}`
  }
}
