// An engine that only answers what the program asks before anything is made.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContainerDetail, EngineContainer } from '../engine.ts'

export interface FakeEngine {
  host: string
  /** `detail` is what the engine tells of the one by its id. */
  containers: Partial<EngineContainer>[]
  volumes: string[]
  /** Names of images of ours. */
  images: string[]
  apiVersion: string
  close: () => Promise<void>
}

export async function startEngine(): Promise<FakeEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'runlight-engine-'))
  const socket = join(folder, 'docker.sock')
  const engine: FakeEngine = {
    host: `unix://${socket}`,
    containers: [],
    volumes: [],
    images: [],
    apiVersion: '1.47',
    close: async () => {
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true })
    },
  }
  const server = createServer((request, response) => {
    const details = engine.containers.map(({ Id, detail }): [string, ContainerDetail | undefined] => [
      `/containers/${Id}/json`,
      detail,
    ])
    const answers: Record<string, unknown> = {
      ...Object.fromEntries(details),
      '/version': { ApiVersion: engine.apiVersion },
      '/info': { NCPU: 8, DockerRootDir: '/var/lib/docker' },
      '/containers/json?all=1': engine.containers.map(({ detail: _, ...each }) => ({
        ...{ Id: '', Names: [], State: 'running', Status: 'Up', Labels: {}, Ports: [] },
        ...each,
      })),
      '/volumes': { Volumes: engine.volumes.map((Name) => ({ Name, Labels: null })) },
      '/images/json?filters=%7B%22reference%22%3A%5B%22runlight%2F*%22%5D%7D': [
        // An image without a name is there, too, as an engine lists one.
        ...[null, engine.images].map((RepoTags) => ({ RepoTags })),
      ],
    }
    response.setHeader('connection', 'close')
    response.end(JSON.stringify(answers[request.url ?? '']))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return engine
}
