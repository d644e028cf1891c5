// Where a component's image comes from: pinned and pulled, or built from this clone; or named by a setting, for mirrors
// and machines without a way out.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import * as docker from '@pulumi/docker'
import type * as pulumi from '@pulumi/pulumi'
import { imageContext } from '../../build/image-context.ts'
import type { Program } from '../../components/component.ts'
import type { Settings } from '../../settings/schema.ts'
import type { EngineState } from './engine.ts'
import { pinnedImage, referenceOf, type PinnedImage } from './catalogue.ts'

/** An image as a component runs it. */
export interface Image {
  reference: string
  /** What makes that it is there. */
  resource: pulumi.Resource
  pinned: Pick<PinnedImage, 'image' | 'user' | 'data' | 'asks' | 'askSeconds'>
  /** A program of the image as a command; undefined where the image's own entry point is the program. */
  commandOf: (program: Program) => string[] | undefined
}

const HEALTH = { http: ['node', '/app/health.js'] }

export type Images = (name: string, program: Program, options: pulumi.CustomResourceOptions) => Image

/**
 * @param engine where they are to be
 * @param into folder for what images are built from
 */
export function imagesOf(
  settings: Pick<Settings, 'docker' | 'images'>,
  engine: Pick<EngineState, 'images'>,
  clone: string,
  into: string,
): Images {
  const named = (name: string): string => (settings.images as Readonly<Record<string, string>>)[name] ?? ''

  const pulled = (name: string, reference: string, options: pulumi.CustomResourceOptions): docker.RemoteImage =>
    // One that the engine has already is not pulled, and none is removed with the stack: others may run on it.
    new docker.RemoteImage(`${name}-image`, { name: reference, keepLocally: true }, options)

  return (name, program, options) => {
    if (program.kind !== 'package') {
      const pinned = pinnedImage(program.tool)
      const reference = named(program.tool) || referenceOf(pinned)
      return {
        reference,
        resource: pulled(name, reference, options),
        pinned,
        commandOf: (each) => command(each, pinned),
      }
    }
    const base = pinnedImage('node')
    const own = { pinned: { ...base, asks: HEALTH }, commandOf: () => undefined }
    const given = named(settingOf(program.workspace))
    if (given !== '') return { ...own, reference: given, resource: pulled(name, given, options) }
    const { registry, baseImage } = settings.docker
    const from = baseImage || referenceOf(base)
    const context = imageContext(clone, into, program, from)
    const repository = [...(registry === '' ? [] : [registry]), 'runlight', shortName(program.workspace)].join('/')
    const reference = `${repository}:${context.tag}`
    // What was pushed is pulled by the container that needs it.
    const isKept = registry !== '' || engine.images.includes(reference)
    const resource = new docker.Image(
      `${name}-image`,
      {
        imageName: reference,
        skipPush: registry === '',
        build: {
          context: context.folder,
          dockerfile: join(context.folder, 'Dockerfile'),
          args: {
            BASE_IMAGE: from,
            WORKSPACE: context.workspace,
            VERSION: context.version,
            REVISION: revisionOf(clone),
            // Nothing in the image is made of it.
            BUILT: new Date().toISOString(),
          },
        },
      },
      // Its name says what it is made of: with the same name, nothing needs to be built again. But the provider never
      // looks whether the engine still has it: one that was removed, or an engine that never had it, shows only here.
      { ...options, ignoreChanges: ['build.args.REVISION', ...(isKept ? ['build.args.BUILT'] : [])] },
    )
    return { ...own, reference, resource }
  }
}

function command(program: Program, { binaries = {} }: PinnedImage): string[] {
  switch (program.kind) {
    case 'tool':
      return [binaries[program.binary] ?? program.binary]
    case 'java':
      return ['java', ...program.options, '-cp', `${binaries['libs']}/*`, program.mainClass]
    case 'package':
      throw new Error('Only the image of a package runs it')
  }
}

const shortName = (workspace: string): string => workspace.replace(/^@[^/]*\//, '')

/** `@runlight/bridge-loki` → `bridgeLoki`, under `images` in the settings. */
const settingOf = (workspace: string): string =>
  shortName(workspace).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** The commit that the clone is at; empty in an unpacked archive. */
function revisionOf(clone: string): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: clone,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}
