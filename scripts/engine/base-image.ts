// An image with this machine's Node and npm, as a base for ours where the pinned one can't be pulled.

import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../tools/command.ts'
import { debianRoot } from './debian-root.ts'

const MAKE_MS = 120_000
const NAME = 'runlight-test/node'
const CERTIFICATES = 'certificates.pem'

const DOCKERFILE = `FROM scratch
ADD root.tar /
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY etc /usr/local/etc
ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_EXTRA_CA_CERTS=/usr/local/etc/${CERTIFICATES}
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
`

export interface BaseOptions {
  /** Environment of the docker command. */
  env: NodeJS.ProcessEnv
  /** An empty folder to work in. */
  folder: string
  signal: AbortSignal
  note: (text: string) => void
}

/**
 * Makes the image on the engine, sees that it runs there, and gives its name.
 * @throws CommandFailed, or the signal's reason
 */
export async function makeBaseImage({ env, folder, signal, note }: BaseOptions): Promise<string> {
  const archive = await debianRoot(signal, note)
  const limited = AbortSignal.any([signal, AbortSignal.timeout(MAKE_MS)])
  const ask = async (...args: string[]) => (await run({ file: 'npm', args, signal: limited })).trim()
  await mkdir(join(folder, 'etc'), { recursive: true })
  await copyFile(archive, join(folder, 'root.tar'))
  await copyFile(process.execPath, join(folder, 'node'))
  await cp(join(await ask('root', '--global'), 'npm'), join(folder, 'npm'), { recursive: true, dereference: true })
  // Packages come from where they come from on this machine, which may have a certificate authority of its own.
  const registry = await ask('config', 'get', 'registry', '--location', 'user')
  const authority = process.env['NODE_EXTRA_CA_CERTS']
  if (authority) await copyFile(authority, join(folder, 'etc', CERTIFICATES))
  else await writeFile(join(folder, 'etc', CERTIFICATES), '')
  await writeFile(join(folder, 'etc', 'npmrc'), `registry=${registry}\n`)
  await writeFile(join(folder, 'Dockerfile'), DOCKERFILE)
  const docker = (...args: string[]) => run({ file: 'docker', args, env, signal: limited })
  await docker('build', '--quiet', '--network', 'host', '--tag', NAME, folder)
  const confined = ['--read-only', '--cap-drop', 'ALL', '--user', '1000:1000', '--memory', '256m', '--network', 'host']
  await docker('run', '--rm', ...confined, NAME, 'node', '--version')
  return NAME
}
