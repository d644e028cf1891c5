// The record of the process that runs in a component's folder: how a later plugin knows it again, whatever
// happened to Pulumi's state in between.

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { layoutOf } from './layout.ts'
import {
  allProcesses,
  bootId,
  environmentOf,
  FOLDER_VARIABLE,
  statOf,
  workingFolderOf,
  type ProcessStat,
} from './proc.ts'

export interface ProcessRecord {
  pid: number
  startTime: string
  bootId: string
  /** Digest of the inputs that it was started with. */
  digest: string
}

export function readRecord(folder: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(layoutOf(folder).record, 'utf8')) as ProcessRecord
  } catch {
    return undefined
  }
}

export function writeRecord(folder: string, record: ProcessRecord): void {
  const path = layoutOf(folder).record
  writeFileSync(`${path}.new`, JSON.stringify(record))
  renameSync(`${path}.new`, path)
}

export function removeRecord(folder: string): void {
  rmSync(layoutOf(folder).record, { force: true })
}

/** Whether the recorded process itself still runs, and not another one that was given its pid. */
export function isAlive(record: ProcessRecord): boolean {
  return statOfRecorded(record)?.exiting === false
}

function statOfRecorded({ bootId: boot, pid, startTime }: ProcessRecord): ProcessStat | undefined {
  const stat = boot === bootId() ? statOf(pid) : undefined
  return stat?.startTime === startTime ? stat : undefined
}

/** The component folders below `root` for which a process runs, recorded or not. */
export function componentFoldersInUse(root: string): string[] {
  const folders = allProcesses().map(({ pid }) => environmentOf(pid, FOLDER_VARIABLE))
  return [...new Set(folders)].filter((folder) => folder?.startsWith(`${root}/`) === true).sort() as string[]
}

/**
 * All processes of a component, with those that are exiting: the recorded one with its group, and what else was
 * started for this folder (by a plugin that died before it could write the record, or a child that left the group).
 * A process whose pid merely equals the recorded one is never among them.
 */
export function processesOf(folder: string): ProcessStat[] {
  const record = readRecord(folder)
  const leader = record && statOfRecorded(record)?.pid
  return allProcesses().filter((process) => {
    if (process.pid === leader || process.group === leader) return true
    if (environmentOf(process.pid, FOLDER_VARIABLE) === folder) return true
    // A daemon may overwrite its environment (PostgreSQL's children do, for their titles): then it is told by the
    // session that the recorded leader opened together with the folder it works in.
    const cwd = workingFolderOf(process.pid)
    return process.session === record?.pid && (cwd === folder || cwd?.startsWith(`${folder}/`) === true)
  })
}
