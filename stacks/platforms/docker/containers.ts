// Containers on a Docker engine: each component is a container, its data a named volume that stays when the stack goes.

import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as docker from '@pulumi/docker'
import * as pulumi from '@pulumi/pulumi'
import type { Component, Launch, Running, SetUpStep, Task } from '../../components/component.ts'
import { programError } from '../../program-error.ts'
import type { Secrets } from '../../settings/load.ts'
import type { Settings } from '../../settings/schema.ts'
import type { ComponentReport, Platform } from '../platform.ts'
import { engineHost, machineOf, readEngine } from './engine.ts'
import { FILES_AT, filePath, fileVolume } from './files.ts'
import { healthcheck } from './health.ts'
import { imagesOf, type Image } from './images.ts'
import { LABELS, prefixOf } from './labels.ts'
import { logsOf, tagOf } from './logs.ts'
import { insidePort, outsidePort, placeIn, type Network } from './place.ts'
import { refuseTakenPort } from './published-ports.ts'
import { pulledImages, registryLogins } from './registry-login.ts'
import { dataBelow, startScript } from './start-script.ts'
import { lifeOfComponent, lifeOfTask } from './last-life.ts'

const CLONE = fileURLToPath(new URL('../../..', import.meta.url))
/** Of one container: what `docker logs` can show, at most. */
const LOG_OPTIONS = { 'max-size': '10m', 'max-file': '3' }
const SCRATCH = { '/tmp': 'size=64m,mode=1777' }
const START_SCRIPT = 'start.sh'
/** An image need not know a user of that id: without a name and a home, programs that ask for them end. */
const PERSON = { USER: 'runlight', HOME: '/tmp' }

type Limits = Pick<Component, 'name' | 'memoryMiB' | 'sharedMemoryMiB' | 'cpus'>

/** @throws programError when the engine can't be reached */
export async function containers(settings: Settings, secrets: Secrets, stack: string): Promise<Platform> {
  const engine = await readEngine(engineHost(settings.docker.host, process.env), process.env)
  const home = resolve(CLONE, process.env['RUNLIGHT_HOME'] ?? '.runlight')
  const images = imagesOf(settings, engine, CLONE, join(home, 'images'))
  const prefix = prefixOf(stack)
  const { publishOn } = settings.docker
  const network: Network = { machine: machineOf(engine.host, publishOn) }
  const reports: Record<string, ComponentReport> = {}

  const registryAuth = registryLogins(pulledImages(settings), process.env)
  const provider = new docker.Provider('engine', {
    host: engine.host,
    ...(registryAuth.length > 0 && { registryAuth }),
  })
  const labelsOf = (component: string) => [
    { label: LABELS.stack, value: stack },
    { label: LABELS.component, value: component },
  ]
  const bridge = new docker.Network('network', { name: prefix, labels: labelsOf('network') }, { provider })

  /** Options of what belongs to a component. */
  const groupOf = (name: string): pulumi.CustomResourceOptions => ({
    parent: new pulumi.ComponentResource('runlight:docker:Component', name, {}, { providers: { docker: provider } }),
    provider,
  })

  /** Rights of a container of ours: no root, nothing that a kernel gives, nothing to gain. */
  const confined = ({ pinned }: Image) => ({
    user: pinned.user,
    capabilities: { drops: ['ALL'] },
    securityOpts: ['no-new-privileges:true'],
  })

  /** What a container of ours is like, whatever runs in it. */
  const commonOf = ({ name, memoryMiB, sharedMemoryMiB, cpus = 1 }: Limits, image: Image) => ({
    name: `${prefix}-${name}`,
    image: image.reference,
    hostname: name,
    ...confined(image),
    readOnly: true,
    tmpfs: SCRATCH,
    memory: memoryMiB,
    // As much again is swapped by default: slow, where a limit should be seen.
    memorySwap: memoryMiB,
    ...(sharedMemoryMiB !== undefined && { shmSize: sharedMemoryMiB }),
    // The engine refuses more than its machine has. One decimal, as the provider reads it back.
    cpus: Math.min(cpus, engine.cpus).toFixed(1),
    networkMode: bridge.name,
    networksAdvanced: [{ name: bridge.name, aliases: [name] }],
    logDriver: 'json-file',
    logOpts: { ...LOG_OPTIONS, tag: tagOf(prefix, name) },
  })

  /** The program with its files, as the arguments of a container. */
  const programOf = (
    described: Component | Task,
    launch: Launch,
    image: Image,
    mount: string | undefined,
    options: pulumi.CustomResourceOptions,
  ) => {
    const { name, program } = described
    const command = image.commandOf(program)
    const whole = [...(command ?? []), ...launch.arguments]
    const steps = (all: readonly SetUpStep[] = []) =>
      all.map((step) => ({ ...step, command: [...(image.commandOf(step.program) ?? []), ...step.arguments] }))
    const needsScript = hasSteps(launch) && mount !== undefined
    const script =
      needsScript &&
      startScript({
        mount,
        initialise: steps(launch.initialise),
        prepare: steps(launch.prepare),
        locks: launch.locks ?? [],
        command: whole,
      })
    const files = { ...launch.files, ...(script ? { [START_SCRIPT]: script } : {}) }
    const given = { files, secrets: described.secrets ?? {} }
    const hasFiles = Object.keys({ ...files, ...given.secrets }).length > 0
    const carried = hasFiles
      ? fileVolume(
          given,
          {
            stack,
            component: name,
            name: `${prefix}-${name}-files`,
            image: image.reference,
            confined: confined(image),
            key: secrets.postgresOwnerPassword,
          },
          { ...options, dependsOn: [image.resource] },
        )
      : undefined
    const entrypoints = script ? ['sh', filePath(START_SCRIPT)] : command?.slice(0, 1)
    const rest = script ? [] : whole.slice(command ? 1 : 0)
    return {
      dependsOn: carried ? [carried.resource] : [],
      inputs: {
        ...(entrypoints && { entrypoints }),
        ...(rest.length > 0 && { command: rest }),
        envs: Object.entries({ ...PERSON, ...launch.environment }).map(([key, value]) => `${key}=${value}`),
        mounts: carried ? [{ type: 'volume', source: carried.volume, target: FILES_AT, readOnly: true }] : [],
      },
    }
  }

  return {
    run<E extends string>(component: Component<E>): Running<E> {
      const { name, title, endpoints, metrics, health } = component
      const container = `${prefix}-${name}`
      const published = publishedOf(component)
      for (const { endpoint, port, setting } of published) {
        refuseTakenPort(engine, stack, { component: name, endpoint, port, setting })
      }
      const options = groupOf(name)
      const life = lifeOfComponent(engine, container, (text) => void pulumi.log.warn(text, options.parent))
      const image = images(name, component.program, options)
      const logs = component.readsLogs && logsOf(engine, prefix)
      const mount = logs ? logs.data : image.pinned.data
      const placed = (data: string): Launch =>
        component.launch({ ...placeIn(name, endpoints, data, network), ...(logs && { output: logs.output }) })
      const launch = mount !== undefined && hasSteps(placed(mount)) ? placed(dataBelow(mount)) : placed(mount ?? '/tmp')
      const program = programOf(component, launch, image, mount, options)
      const data =
        mount === undefined
          ? undefined
          : new docker.Volume(
              `${name}-data`,
              { name: `${container}-data`, labels: labelsOf(name) },
              // Data outlives the stack; `npm run down -- --volumes` removes it.
              { ...options, retainOnDelete: true },
            )
      const resource = new docker.Container(
        name,
        {
          ...commonOf(component, image),
          ...program.inputs,
          ...(logs && { user: logs.user }),
          mounts: [
            ...program.inputs.mounts,
            ...(logs ? [logs.mount] : []),
            ...(data && mount !== undefined ? [{ type: 'volume', source: data.name, target: mount }] : []),
          ],
          ports: published.map(({ port, internal }) => ({ internal, external: port, ip: publishOn, protocol: 'tcp' })),
          restart: 'unless-stopped',
          healthcheck: healthcheck(component.health, insidePort(endpoints[component.health.endpoint]), image.pinned, {
            startSeconds: component.startSeconds,
            apiVersion: engine.apiVersion,
          }),
          wait: true,
          waitTimeout: component.startSeconds,
          stopSignal: component.stop.signal,
          stopTimeout: component.stop.graceSeconds,
          destroyGraceSeconds: component.stop.graceSeconds,
          labels: [...labelsOf(name), { label: LABELS.life, value: life }],
        },
        {
          ...options,
          dependsOn: dependencies([image.resource, bridge, ...program.dependsOn], component.needs),
          deleteBeforeReplace: true,
        },
      )
      const address = (endpoint: E): string => `${name}:${insidePort(endpoints[endpoint])}`
      const reach = (endpoint: E): string => `${network.machine}:${endpoints[endpoint].port}`
      reports[name] = {
        title,
        version: image.reference,
        health: describeHealth(component, reach),
        ports: Object.fromEntries(published.map(({ endpoint, port }) => [endpoint, port])),
        log: `docker logs ${container}`,
      }
      return {
        name,
        resource,
        address,
        reach,
        ...(metrics && { metrics: { address: address(metrics.endpoint), path: metrics.path } }),
        ...(health.kind === 'http' && { page: `http://${address(health.endpoint)}${health.path}` }),
        dataId: pulumi.output(data ? `${container}-data` : ''),
      }
    },

    once(task) {
      const { name } = task
      const options = groupOf(name)
      const image = images(name, task.program, options)
      const launch = task.launch(placeIn(name, {}, '/tmp', network))
      const program = programOf(task, launch, image, undefined, options)
      const volumes = task.on.map((component) => `${prefix}-${component.name}-data`)
      const life = lifeOfTask(engine, `${prefix}-${name}`, volumes)
      const container = new docker.Container(
        name,
        {
          ...commonOf(task, image),
          ...program.inputs,
          restart: 'no',
          mustRun: false,
          // Its end is waited for, and its words are kept.
          attach: true,
          logs: true,
          labels: [...labelsOf(name), { label: LABELS.life, value: life }],
        },
        {
          ...options,
          dependsOn: dependencies([image.resource, bridge, ...program.dependsOn], task.needs),
          deleteBeforeReplace: true,
          customTimeouts: { create: `${task.limitSeconds}s` },
        },
      )
      return { name, resource: ended(name, container) }
    },

    components: () => reports,
    // In its image, and on what is gone with its container.
    worker: { lockFile: '/app/package-lock.json', outputFolder: '/tmp/reports' },
  }
}

/** The container, once it has ended well; what needs it waits for that. */
function ended(name: string, container: docker.Container): pulumi.Output<pulumi.Resource> {
  return pulumi.all([container.exitCode, container.containerLogs]).apply(([code, logs]) => {
    if (code === 0) return container
    throw programError(
      `${name} failed: it ended with exit code ${code}.\nIts last lines:\n${logs.trimEnd().split('\n').slice(-20).join('\n')}\n` +
        'Correct what it says there, and update again: then it runs again.',
    )
  })
}

function dependencies(
  own: readonly pulumi.Resource[],
  needs: Component['needs'],
): pulumi.Input<pulumi.Input<pulumi.Resource>[]> {
  return pulumi.all([...own, ...needs.map((need) => need.resource)])
}

const hasSteps = ({ initialise = [], prepare = [] }: Launch): boolean => initialise.length + prepare.length > 0

interface Published {
  endpoint: string
  setting: string
  port: number
  internal: number
}

/** Endpoints that a person can reach, all but those that only components need. */
function publishedOf({ endpoints }: Component): Published[] {
  return Object.entries(endpoints).flatMap(([endpoint, described]) =>
    described.inner
      ? []
      : [{ endpoint, setting: described.setting, port: described.port, internal: outsidePort(described) }],
  )
}

function describeHealth<E extends string>({ health }: Component<E>, reach: (endpoint: E) => string): string {
  const address = reach(health.endpoint)
  switch (health.kind) {
    case 'http':
      return `http://${address}${health.path}`
    case 'kafka':
      return `kafka://${address}`
    case 'postgres':
      return `postgres://${health.user}@${address}/${health.database}`
    case 'temporal':
      return `temporal://${address}/${health.namespace}`
  }
}
