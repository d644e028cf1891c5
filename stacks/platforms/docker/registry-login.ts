// What `docker login` has left on this machine, for images that are pulled from a registry of one's own.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { types } from '@pulumi/docker'
import { programError } from '../../program-error.ts'
import type { Settings } from '../../settings/schema.ts'

interface DockerConfig {
  auths?: Record<string, unknown>
  credHelpers?: Record<string, unknown>
}

/** Images that settings name: each that replaces a pinned one, and what ours begin with where they are pushed. */
export function pulledImages({ images, docker }: Pick<Settings, 'images' | 'docker'>): string[] {
  return [...Object.values(images), ...(docker.registry === '' ? [] : [`${docker.registry}/runlight`])]
}

/**
 * The registries of these images that the Docker configuration knows a login for. The provider reads the login itself: no
 * credential comes through here. One that the configuration does not name is left out, as the provider would refuse it.
 * @param images references, empty where none is set
 * @throws programError when the configuration can't be read
 */
export function registryLogins(images: readonly string[], env: NodeJS.ProcessEnv): types.input.ProviderRegistryAuth[] {
  const hosts = new Set(images.flatMap((image) => hostOf(image) ?? []))
  const file = hosts.size > 0 ? configFile(env) : undefined
  if (file === undefined) return []
  const { auths = {}, credHelpers = {} } = readConfig(file)
  const known = new Set([...Object.keys(auths), ...Object.keys(credHelpers)].map(withoutScheme))
  return [...hosts]
    .filter((host) => known.has(host))
    .sort()
    .map((address) => ({ address, configFile: file }))
}

/** The part before the first slash, where it can be a machine: as Docker reads a reference. */
function hostOf(image: string): string | undefined {
  const [first = '', ...rest] = image.split('/')
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : undefined
}

/** Older logins are kept with `https://`, and some with a path. */
const withoutScheme = (key: string): string => key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')

/** DOCKER_CONFIG is a folder to the docker command, and may be a file to the provider. */
function configFile(env: NodeJS.ProcessEnv): string | undefined {
  const place = env['DOCKER_CONFIG'] || join(env['HOME'] ?? '', '.docker')
  const stat = statSync(place, { throwIfNoEntry: false })
  const file = stat?.isFile() ? place : join(place, 'config.json')
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined
}

function readConfig(file: string): DockerConfig {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DockerConfig
  } catch {
    // The parser's words would quote the file.
    throw programError(
      `The Docker configuration ${file} cannot be read as JSON. Correct it, or log in again: docker login`,
    )
  }
}
