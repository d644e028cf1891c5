// What the program asks of the plugin, in plain values: everything that, when it changes, means a restart.

/** A program with its arguments; `stdin` is the path of a file. */
export interface Step {
  /** For messages, such as `initdb`. */
  name: string
  command: string[]
  env: Record<string, string>
  stdin?: string
}

/** A port that the process will listen on. */
export interface Listener {
  endpoint: string
  host: string
  port: number
  /** The setting that moves it, for messages. */
  setting: string
}

/** How a component's own API is asked whether it is ready. */
export type Health =
  | { kind: 'http'; url: string }
  | { kind: 'kafka'; broker: string }
  | { kind: 'postgres'; host: string; port: number; user: string; database: string; passwordSecret: string }
  | { kind: 'temporal'; address: string; namespace: string }

export interface RunInputs {
  component: string
  /** Own folder, absolute; below it `data`, `files`, `log` and `secrets`. */
  folder: string
  /** Working folder, absolute. */
  workingFolder: string
  command: string[]
  env: Record<string, string>
  /** Rendered configuration: file name → text. */
  files: Record<string, string>
  /** Secret files: file name → text. */
  secrets: Record<string, string>
  /** Version of the program that runs, and digest of its sources where they are ours. */
  version: string
  sources: string
}

export interface ProcessInputs extends RunInputs {
  /** Run once, in order, with a new data folder. */
  initialise: Step[]
  /** Run before each start. */
  prepare: Step[]
  /** Paths of files that a killed process leaves, and that would keep the next one from starting. */
  locks: string[]
  /** Folder of a log whose torn record is cut off before each start (torn-record.ts). */
  writeAheadLog?: string
  listeners: Listener[]
  health: Health
  startSeconds: number
  stopSignal: 'SIGTERM' | 'SIGINT'
  stopSeconds: number
}

export interface JobInputs extends RunInputs {
  /** Identities of the data that the job works on: new data means that it has to run again. */
  data: string[]
  limitSeconds: number
}
