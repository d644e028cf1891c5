// A component described once, for every platform: what it runs, needs and offers, and how its health is asked.
// Nothing here knows of processes, containers or pods; arguments and files are functions of the place that a
// platform gives it.

import type * as pulumi from '@pulumi/pulumi'

/** What runs: a tool by its name in configs/versions.json (a binary here, an image there), or a package of ours. */
export type Program =
  | { kind: 'tool'; tool: string; binary: string }
  | { kind: 'java'; tool: string; mainClass: string; options: readonly string[] }
  | { kind: 'package'; workspace: string; entry: string }

/** Where an endpoint listens for one of the networks that clients come from. */
export interface Listener {
  name: string
  host: string
  port: number
  /** host:port by which that network's clients reach it. */
  advertised: string
}

/** What a platform gives a component when it places it. */
export interface Place<E extends string> {
  /** Folder that outlives the component's process. */
  data: string
  /** Networks that clients connect from, in CIDR notation. */
  clients: readonly string[]
  /** Path of a rendered file. */
  file: (name: string) => string
  /** Path of a secret's file. */
  secret: (name: string) => string
  /** Where the component itself listens. */
  listen: (endpoint: E) => { host: string; port: number }
  /** For an endpoint that is advertised: where it listens for whom, the stack's own components first. */
  listeners: (endpoint: E) => readonly Listener[]
  /** host:port under which others of the stack reach it. */
  address: (endpoint: E) => string
  /** For one that reads logs: where that of a component is, as the log collector takes it; missing where it can't yet. */
  output?: (component: string) => string
}

/** Replaced, in the arguments of a step, by a new random 128-bit id in URL-safe base64 when the step runs. */
export const NEW_ID = '{new-id}'

/** A step of set-up, run by the platform in the component's place. */
export interface SetUpStep {
  name: string
  program: Program
  arguments: readonly string[]
  /** Path of a file that is its standard input. */
  input?: string
}

/** What a component runs with, in a place. */
export interface Launch {
  arguments: readonly string[]
  /** Never a credential: those are secret files. */
  environment?: Readonly<Record<string, string>>
  /** Rendered configuration: file name, maybe below a folder → text. */
  files?: Readonly<Record<string, string>>
  /** Run once, in order, with a new data folder. */
  initialise?: readonly SetUpStep[]
  /** Run before each start. */
  prepare?: readonly SetUpStep[]
  /** Files in its data folder by which it knows that it runs: removed before a start, as one that was killed leaves them. */
  locks?: readonly string[]
  /**
   * Folder of a write-ahead log in the format of Prometheus, below its data folder, which it cannot read on behind a record
   * that a kill has torn. A platform that reaches the folder, which is `local` only, cuts the record off before a start.
   */
  writeAheadLog?: string
}

export type HealthQuestion<E extends string> =
  | { kind: 'http'; endpoint: E; path: string }
  | { kind: 'kafka'; endpoint: E }
  | { kind: 'postgres'; endpoint: E; user: string; database: string; passwordSecret: string }
  | { kind: 'temporal'; endpoint: E; namespace: string }

interface Endpoint {
  /** Port on the machine of whoever runs the stack. */
  port: number
  /** Setting that moves it, such as `loki.port`. */
  setting: string
  /** Only the component itself and others of the stack need it. */
  inner?: true
  /** Clients connect again to the address that it tells them, so each network needs a listener of its own. */
  advertised?: true
}

/** What is common to a component that goes on running and a task that ends. */
interface Described {
  name: string
  title: string
  program: Program
  /** What must be ready before. */
  needs: readonly Dependency[]
  /** Secret files: file name → text. */
  secrets?: Readonly<Record<string, pulumi.Output<string>>>
  /** A hint for platforms that can reserve and limit. */
  memoryMiB: number
  /** Of that memory, at most so much is shared among its processes (`/dev/shm`); what a platform gives by default is enough otherwise. */
  sharedMemoryMiB?: number
  /** Processor cores, one where nothing is said; a hint like the memory. */
  cpus?: number
}

export interface Component<E extends string = string> extends Described {
  endpoints: Readonly<Record<E, Endpoint>>
  health: HealthQuestion<E>
  /** Where Prometheus finds its metrics, if it has any. */
  metrics?: { endpoint: E; path: string }
  launch: (place: Place<E>) => Launch
  /** How long it may take to be ready. */
  startSeconds: number
  /** How it is asked to stop, and how long it may take before it is killed. */
  stop: { signal: 'SIGTERM' | 'SIGINT'; graceSeconds: number }
  /** It refuses to run as the superuser. */
  unprivileged?: boolean
  /** It reads the logs of all others (Place.output), and keeps in its data folder how far. */
  readsLogs?: true
}

/** A task that runs to its end: again when what it is made of, or the data of what it needs, has changed. */
export interface Task extends Described {
  /** Whose data it works on. */
  on: readonly Running[]
  launch: (place: Place<never>) => Launch
  limitSeconds: number
}

/** Something that a component waits for. */
export interface Dependency {
  name: string
  resource: pulumi.Input<pulumi.Resource>
}

/** A component that a platform runs. */
export interface Running<E extends string = never> extends Dependency {
  /** host:port for the other components of the stack. */
  address: (endpoint: E) => string
  /** host:port for a person at the machine that runs the stack. */
  reach: (endpoint: E) => string
  /** Where Prometheus finds its metrics, if it has any. */
  metrics?: { address: string; path: string }
  /** URL of its readiness page for the other components, if it has one. */
  page?: string
  /** Identity of its data: changes when it was made anew. */
  dataId: pulumi.Output<string>
}
