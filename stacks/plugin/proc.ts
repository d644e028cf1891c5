// Processes as /proc shows them (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** In the environment of each process that is started here: the folder of its component. */
export const FOLDER_VARIABLE = 'RUNLIGHT_COMPONENT_FOLDER'

export interface ProcessStat {
  pid: number
  group: number
  session: number
  /** Clock ticks from boot to start; with the pid it identifies a process for as long as the machine runs. */
  startTime: string
  /** Killed, and not yet without threads: until the last one is gone the kernel keeps its ports and files open. */
  exiting: boolean
}

/** A process that still holds something, or undefined; a zombie that only waits for its parent counts as gone. */
export function statOf(pid: number): ProcessStat | undefined {
  const text = readOrUndefined(`/proc/${pid}/stat`)
  if (!text) return undefined
  // The second field is the name in brackets and may hold blanks and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, , group, session] = fields
  const exiting = state === 'Z' || state === 'X'
  const threads = Number(fields[17])
  if (exiting && threads <= 1) return undefined
  return { pid, group: Number(group), session: Number(session), startTime: fields[19] ?? '', exiting }
}

/** All processes that can be seen, except zombies. */
export function allProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== undefined)
}

/** Command line as a person would type it, or undefined when the process is gone. */
export function commandLineOf(pid: number): string | undefined {
  const text = readOrUndefined(`/proc/${pid}/cmdline`)
  return text?.replace(/\0+$/, '').replaceAll('\0', ' ')
}

/** One variable of a process's environment at its start; undefined also where it cannot be read. */
export function environmentOf(pid: number, name: string): string | undefined {
  const entry = readOrUndefined(`/proc/${pid}/environ`)
    ?.split('\0')
    .find((candidate) => candidate.startsWith(`${name}=`))
  return entry?.slice(name.length + 1)
}

export function workingFolderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** Changes with each start of the machine, when pids and start times begin anew. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
