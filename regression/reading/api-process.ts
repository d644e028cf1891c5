// The API as it runs: its main program as a process of its own.

import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts, startProcess, temporaryFolder, untilReady } from '../fixtures/server-process.ts'

export interface ApiProcess {
  pid: number
  url: string
  /** Resident memory now, in MiB. */
  memory: () => number
  /** CPU time so far, in seconds. */
  cpu: () => number
  stop: () => Promise<void>
}

/** Components that are not given stand at an address where nobody answers. */
export async function startApiProcess(env: {
  postgresUrl: URL
  brokers?: readonly string[]
  lokiUrl?: URL
  /** What its heap may take in a stack, in MiB; without a bound if not given. */
  heapMiB?: number
}): Promise<ApiProcess> {
  const [port, nobody] = (await freePorts(2)) as [number, number]
  const folder = await temporaryFolder('api')
  const password = join(folder.path, 'password')
  await writeFile(password, 'unused: every role is trusted')
  const server = await startProcess({
    file: process.execPath,
    args: ['--import', 'tsx', fileURLToPath(new URL('../../packages/api/src/main.ts', import.meta.url))],
    folder,
    env: {
      LOG_KAFKA_BROKERS: (env.brokers ?? [`127.0.0.1:${nobody}`]).join(','),
      RUNLIGHT_LISTEN: `127.0.0.1:${port}`,
      RUNLIGHT_POSTGRES_URL: env.postgresUrl.href,
      RUNLIGHT_POSTGRES_PASSWORD_FILE: password,
      RUNLIGHT_LOKI_URL: (env.lokiUrl ?? new URL(`http://127.0.0.1:${nobody}`)).href,
      RUNLIGHT_TEMPORAL_ADDRESS: `127.0.0.1:${nobody}`,
      RUNLIGHT_LOG_LEVEL: 'warn',
      ...(env.heapMiB !== undefined && { NODE_OPTIONS: `--max-old-space-size=${env.heapMiB}` }),
    },
  })
  const url = `http://127.0.0.1:${port}`
  await untilReady(server, folder, async () => {
    if (!(await fetch(`${url}/healthz`)).ok) throw new Error('The API is not well yet.')
  })
  return {
    ...{ pid: server.pid, url },
    memory: () => residentMiB(server.pid, 'VmRSS'),
    cpu: () => cpuSeconds(server.pid),
    stop: async () => {
      await server.shutDown('SIGTERM')
      await folder.remove()
    },
  }
}

/** Resident memory of a process in MiB: now, or at its peak. */
export function residentMiB(pid: number, kind: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`^${kind}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: user and system time, in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
