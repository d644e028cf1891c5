// Who listens on a port, from /proc/net/tcp and the sockets that processes hold.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { allProcesses, commandLineOf } from './proc.ts'

export interface PortHolder {
  /** Unknown when the process belongs to another user or another container. */
  pid?: number
  command?: string
}

const LISTENING = '0A'

/** The process that listens on `port` of a loopback address or of all addresses; undefined when the port is free. */
export function portHolder(port: number): PortHolder | undefined {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port))
  if (inodes.length === 0) return undefined
  for (const { pid } of allProcesses()) {
    if (holdsOneOf(pid, inodes)) return { pid, command: commandLineOf(pid) ?? 'unknown' }
  }
  return {}
}

/** Inodes of the listening sockets that are in the way (https://docs.kernel.org/networking/proc_net_tcp.html). */
function listeningInodes(table: string, port: number): string[] {
  let text
  try {
    text = readFileSync(table, 'utf8')
  } catch {
    return [] // a kernel without IPv6
  }
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTENING && isInTheWay(local ?? '', port))
    .map((fields) => fields[9] ?? '')
}

const ANY = /^0+$/
const LOOPBACK_4 = /^(0{16}FFFF0000)?\w{6}7F$/
const LOOPBACK_6 = /^0{24}01000000$/

/** Addresses are hexadecimal, each group of four bytes in the byte order of the machine. */
function isInTheWay(local: string, port: number): boolean {
  const [address = '', hexPort = ''] = local.split(':')
  return parseInt(hexPort, 16) === port && [ANY, LOOPBACK_4, LOOPBACK_6].some((pattern) => pattern.test(address))
}

function holdsOneOf(pid: number, inodes: readonly string[]): boolean {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).some((fd) => {
      const target = linkOf(`${folder}/${fd}`)
      return target !== undefined && inodes.some((inode) => target === `socket:[${inode}]`)
    })
  } catch {
    return false // gone meanwhile, or of another user
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
