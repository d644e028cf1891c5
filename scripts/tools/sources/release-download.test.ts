// Releases of a project of one's own, on a server of one's own.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createPlainServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Failures } from '../../failure.ts'
import { plainProgress } from '../../terminal/plain.ts'
import { temporaryFolder } from '../fixtures/temporary.ts'
import { tinyNpmPackage, zip } from '../fixtures/tiny-packages.ts'
import { resolveTools } from '../resolve.ts'
import { toolPins, type Recipe, type ReleaseDownloadRecipe } from '../versions.ts'

let root: string
let server: Server
let answer: RequestListener
let archive: Buffer

beforeEach(async () => {
  root = await temporaryFolder()
  const content = join(root, 'tiny-1.2.3.linux')
  mkdirSync(content)
  writeFileSync(join(content, 'tiny'), '#!/bin/sh\necho tiny version 1.2.3\n', { mode: 0o755 })
  execFileSync('tar', ['-czf', join(root, 'tiny.tar.gz'), '-C', root, 'tiny-1.2.3.linux'])
  archive = readFileSync(join(root, 'tiny.tar.gz'))
  answer = (request, response) => {
    if (request.url === '/tiny.tar.gz') response.end(archive)
    else if (request.url === '/SHA256SUMS')
      response.end(`${'0'.repeat(64)}  other.tar.gz\n${sumOf(archive)}  tiny.tar.gz\n`)
    else response.writeHead(404).end()
  }
  server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const sumOf = (data: Buffer): string => createHash('sha256').update(data).digest('hex')

function release(port = (server.address() as AddressInfo).port): ReleaseDownloadRecipe {
  const origin = `http://127.0.0.1:${port}`
  return {
    kind: 'release-download',
    url: { 'linux-x64': `${origin}/tiny.tar.gz`, 'linux-arm64': `${origin}/tiny.tar.gz` },
    checksums: `${origin}/SHA256SUMS`,
    files: { tiny: 'tiny-*/tiny' },
    megabytes: 1,
  }
}

async function get(...sources: Recipe[]): Promise<{ source: string; path: string; said: string }> {
  return getWith(process.env, sources)
}

async function getWith(
  env: NodeJS.ProcessEnv,
  sources: Recipe[],
): Promise<{ source: string; path: string; said: string }> {
  const said: string[] = []
  const probe = { binary: 'tiny', args: [], pattern: 'version (\\d+\\.\\d+\\.\\d+)' }
  const k6 = { version: '1.2.3', note: '', accepts: '>=1.2.0 <2', binaries: ['tiny'], probe, sources }
  const { k6: tool } = await resolveTools(['k6'], {
    cache: join(root, 'cache'),
    pins: { ...toolPins(), k6 },
    env,
    progress: plainProgress({ write: (line) => said.push(line) }),
  })
  const { source } = JSON.parse(readFileSync(join(tool.home, 'tool.json'), 'utf8')) as { source: string }
  return { source, path: tool.bin['tiny'] ?? '', said: said.join('') }
}

async function whyNot(...sources: Recipe[]): Promise<string> {
  const error = await get(...sources).catch((reason: unknown) => reason)
  if (!(error instanceof Failures)) throw error
  return error.all.map(({ why }) => why).join('\n')
}

it('takes what the project has released, before what a registry has', async () => {
  const { source, path } = await get(await tinyNpmPackage(root), release())
  expect(source).toBe('release-download')
  expect(execFileSync(path, { encoding: 'utf8' })).toBe('tiny version 1.2.3\n')
})

it('unpacks a .zip where there is Python, but no unzip', async () => {
  await zip(join(root, 'tiny.zip'), root, ['tiny-1.2.3.linux/tiny'])
  archive = readFileSync(join(root, 'tiny.zip'))
  answer = (request, response) => {
    response.end(request.url === '/tiny.zip' ? archive : `${sumOf(archive)}  tiny.zip\n`)
  }
  const recipe = release()
  const zipped = Object.entries(recipe.url).map(([platform, url]) => [platform, url.replace('.tar.gz', '.zip')])
  const where = ['-c', 'import sys; print(sys.executable)']
  const path = join(root, 'path')
  mkdirSync(path)
  symlinkSync(execFileSync('python3', where, { encoding: 'utf8' }).trim(), join(path, 'python3'))
  const { source } = await getWith({ PATH: path }, [{ ...recipe, url: Object.fromEntries(zipped) }])
  expect(source).toBe('release-download')
})

it('keeps nothing that is not what the project has published', async () => {
  const published = sumOf(archive)
  const real = answer
  answer = (request, response) => {
    if (request.url === '/SHA256SUMS') response.end(`${published} *tiny.tar.gz\n`)
    else real(request, response)
  }
  archive = Buffer.concat([archive, Buffer.from('more')])
  expect(await whyNot(release())).toContain("tiny.tar.gz isn't what its project has published.")
})

it('says that a file or its sum is not there', async () => {
  const { checksums } = release()
  expect(await whyNot({ ...release(), checksums: `${checksums}.gone` })).toContain('SHA256SUMS.gone answers 404')
  answer = (_, response) => response.end('nothing')
  expect(await whyNot(release())).toContain('SHA256SUMS lists no sum for tiny.tar.gz')
})

it('goes on with a registry, and says so, where the host refuses', async () => {
  const closed = createPlainServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const { source } = await get(release(port), await tinyNpmPackage(root))
  expect(source).toBe('npm-package')
  expect(await whyNot(release(port))).toContain(`127.0.0.1:${port} cannot be reached: `)
})

it('gives a host that does not answer up within seconds', async () => {
  let asked = 0
  answer = () => (asked += 1)
  const { port } = server.address() as AddressInfo
  expect(await whyNot(release(port))).toContain(`127.0.0.1:${port} cannot be reached: no answer within 5 s`)
  // The next one does not wait again.
  expect(await whyNot({ ...release(port), files: {} })).toContain('no answer within 5 s')
  expect(asked).toBe(1)
})

it('goes on with a registry where the list of sums breaks off', async () => {
  answer = (_, response) => response.write('half a list', () => response.destroy())
  const { source } = await get(release(), await tinyNpmPackage(root))
  expect(source).toBe('npm-package')
})

it('gives a list of sums that stops in the middle up within seconds', async () => {
  answer = (_, response) => response.write('half a list')
  expect(await whyNot(release())).toContain('cannot be reached: ')
})
