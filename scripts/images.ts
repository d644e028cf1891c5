// `npm run images [-- --base <image>] [-- --registry <prefix>] [-- --push] [-- <service> …]`: builds the images of our
// services with the docker command, as `pulumi up` does for the stack dev, and writes each one's bill of materials.
// `npm run images -- --pin [-- --again]`: writes the digests of third parties' images into configs/versions.json, and that
// of the base image into the Dockerfile, too.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { imageContext } from '../stacks/build/image-context.ts'
import { SERVICES, SERVICE_NAMES, type Service } from '../stacks/build/services.ts'
import { pinnedImage, referenceOf } from '../stacks/platforms/docker/catalogue.ts'
import { cloneRoot, runlightHome } from './environment/home.ts'
import { Failure } from './failure.ts'
import { writeBase } from './images/dockerfile-base.ts'
import { pinDigests } from './images/pin-digests.ts'
import { pushImage } from './images/push-image.ts'
import { progressFor } from './terminal/progress.ts'
import { CommandFailed, run } from './tools/command.ts'
import { runVerb } from './verb.ts'

const BOM = 'sbom.cdx.json'

export interface BuildOptions {
  /** Image with Node and npm; the pinned one by default. */
  base?: string
  /** Before the image's name. */
  registry?: string
  /** Network while packages are installed, such as `host`. */
  network?: string
  /** Folder for contexts and bills of materials. */
  into: string
  signal: AbortSignal
}

export interface BuiltImage {
  reference: string
  bytes: number
  /** Path of its CycloneDX bill of materials. */
  bom: string
}

/** Builds the image of one service; gives its name, size and bill of materials. */
export async function buildImage(service: Service, options: BuildOptions): Promise<BuiltImage> {
  const { base = referenceOf(pinnedImage('node')), registry, network, into, signal } = options
  const context = imageContext(cloneRoot, into, { workspace: service, entry: SERVICES[service] }, base)
  const name = service.replace(/^@[^/]*\//, '')
  const reference = [registry, 'runlight', name].filter(Boolean).join('/') + `:${context.tag}`
  const docker = (...args: string[]) => run({ file: 'docker', args, signal, env: process.env })
  const revision = await run({ file: 'git', args: ['rev-parse', 'HEAD'], cwd: cloneRoot, signal }).catch(() => '')
  const values = { BASE_IMAGE: base, WORKSPACE: service, VERSION: context.version, REVISION: revision.trim() }
  const args = Object.entries(values).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`])
  const through = network === undefined ? [] : ['--network', network]
  await docker('build', '--quiet', ...through, ...args, '--tag', reference, context.folder)
  const bytes = Number(await docker('image', 'inspect', '--format', '{{.Size}}', reference))
  const bom = join(into, name, BOM)
  await mkdir(join(into, name), { recursive: true })
  await writeFile(bom, await docker('run', '--rm', '--entrypoint', 'cat', reference, `/app/${BOM}`))
  return { reference, bytes, bom }
}

async function main(signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      base: { type: 'string' },
      registry: { type: 'string' },
      network: { type: 'string' },
      push: { type: 'boolean', default: false },
      pin: { type: 'boolean', default: false },
      again: { type: 'boolean', default: false },
    },
  })
  if (values.pin) return await pin(values.again, signal)
  if (values.push && !values.registry) {
    console.error('Say where to push: --registry registry.example/team')
    return 2
  }
  const unknown = positionals.filter((name) => !SERVICE_NAMES.some((each) => each === `@runlight/${name}`))
  if (unknown.length > 0) {
    console.error(
      `There is no service ${unknown.join(', ')}. They are: ${SERVICE_NAMES.join(', ').replaceAll('@runlight/', '')}.`,
    )
    return 2
  }
  const wanted = SERVICE_NAMES.filter(
    (name) => positionals.length === 0 || positionals.includes(name.slice('@runlight/'.length)),
  )
  const progress = progressFor()
  const { push, base, registry, network } = values
  const options = { ...(base && { base }), ...(registry && { registry }), ...(network && { network }) }
  const into = join(runlightHome().root, 'images')
  const built: BuiltImage[] = []
  try {
    for (const service of wanted) {
      built.push(
        await progress.step(service, async () => {
          const image = await buildImage(service, { ...options, into, signal }).catch(explained)
          if (push) await pushImage(image.reference, signal)
          return image
        }),
      )
    }
  } finally {
    progress.close()
  }
  for (const { reference, bytes, bom } of built) console.log(`${reference}  ${(bytes / 1e6).toFixed(0)} MB  ${bom}`)
  return 0
}

async function pin(again: boolean, signal: AbortSignal): Promise<number> {
  const file = join(cloneRoot, 'configs', 'versions.json')
  const dockerfile = join(cloneRoot, 'Dockerfile')
  const found = await pinDigests(file, { again, signal, note: (text) => console.log(text) }).catch(explained)
  for (const [name, digest] of found) console.log(`${name}  ${digest}`)
  const written = [
    ...(found.size > 0 ? [file] : []),
    ...((await writeBase(dockerfile, referenceOf(pinnedImage('node')))) ? [dockerfile] : []),
  ]
  console.log(written.length > 0 ? `Written to ${written.join(' and ')}.` : 'Nothing has changed.')
  return 0
}

function explained(cause: unknown): never {
  if (!(cause instanceof CommandFailed)) throw cause
  throw new Failure(
    {
      what: 'An image was not built, or could not be had.',
      why: [cause.message, ...cause.tail.slice(-15)].join('\n'),
      next: 'See that an engine runs (`docker version`), and that it can get the base image; --base names another one.',
    },
    { cause },
  )
}

if (process.argv[1]?.endsWith('images.ts')) await runVerb('images', main)
