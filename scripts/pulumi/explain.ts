// What the Docker provider and its engine say, in words that tell what to do. What is not known here is told as it is.

import { pinnedImage, pinnedName, referenceOf } from '../../stacks/platforms/docker/catalogue.ts'

interface Known {
  pattern: RegExp
  /** @param found the pattern's groups */
  explain: (found: readonly string[], resource: string, stack: string) => string
}

const KNOWN: readonly Known[] = [
  {
    pattern: /unable to pull image (\S+): (?:error pulling image \S+: )?([^\n]*)/,
    explain: ([image = '', reason = ''], resource, stack) =>
      `The image ${image} of ${resource.replace(/-image$/, '')} cannot be pulled: ${trimmed(reason)}\n` +
      `See that the engine reaches that registry and may read from it (docker login). ${otherwise(image, stack)}`,
  },
  {
    pattern: /(failed to (?:do request: Head "[^"]*\/manifests\/|resolve source metadata for )[^\n]*)/,
    explain: ([reason = ''], resource, stack) =>
      `The image of ${resource.replace(/-image$/, '')} cannot be built, as its base image cannot be had: ${trimmed(reason)}\n` +
      `See that the engine reaches that registry and may read from it (docker login). Or bring the image there (docker load) ` +
      `and name it without a digest, or name another one with Node and npm: ` +
      `pulumi config set --stack ${stack} --path 'runlight:docker.baseImage' ${withoutDigest(referenceOf(pinnedImage('node')))}`,
  },
  {
    pattern: /error reading push output: ([^\n]*)/,
    explain: ([reason = ''], resource, stack) =>
      `The image of ${resource.replace(/-image$/, '')} cannot be pushed: ${trimmed(reason)}\n` +
      `See that the engine reaches the registry, and log in there as somebody who may write (docker login <registry>); ` +
      `which one it is: pulumi config get --stack ${stack} --path 'runlight:docker.registry'`,
  },
  {
    pattern:
      /Bind for (\S+?):(\d+) failed: port is already allocated|listen tcp4? (\S+?):(\d+): bind: address already in use/,
    explain: ([ip, port, otherIp, otherPort], resource) =>
      `Port ${port ?? otherPort} of ${resource} is taken on ${ip ?? otherIp} of the engine's machine. ` +
      `Stop who holds it, or choose another port (docs/settings.md names the setting).`,
  },
  {
    pattern: /container failed to be in healthy state/,
    explain: (_, resource, stack) =>
      `${resource} was started, but did not become healthy in time. ` +
      `What it says: docker logs runlight-${stack}-${resource}. Once that is corrected, the next update replaces the container.`,
  },
  {
    pattern: /Cannot connect to the Docker daemon at (\S+?)\. Is/,
    explain: ([host = '']) =>
      `The Docker engine at ${host} cannot be reached. Start it, or name another one: DOCKER_HOST`,
  },
]

/** An error of a resource in plain words. */
export function explainError(message: string, resource: string, stack: string): string {
  for (const { pattern, explain } of KNOWN) {
    const found = pattern.exec(message)
    if (found) return explain(found.slice(1), resource, stack)
  }
  return message
}

/** Of ours, as it is pushed: the registry with its path, the service. */
const OWN_IMAGE = /^(.+)\/runlight\/([\w-]+):[\w.]+-[0-9a-f]{12}$/

/** What to do about an image that no registry gives. */
function otherwise(image: string, stack: string): string {
  const [, registry, service] = OWN_IMAGE.exec(image) ?? []
  if (service !== undefined) {
    return (
      `If it is gone there, push it again: npm run images -- --registry ${registry} --push ${service} ` +
      `(with --base, where 'runlight:docker.baseImage' is set)`
    )
  }
  return (
    `Or bring the image there (docker load) and name it without a digest, or name another one: ` +
    `pulumi config set --stack ${stack} --path 'runlight:images.${pinnedName(image) ?? '<name>'}' ${withoutDigest(image)}`
  )
}

/** `docker load` brings names, but no digests. */
function withoutDigest(image: string): string {
  return image.replace(/@sha256:[0-9a-f]+$/, '')
}

/** Without what the provider adds for its own developers. */
function trimmed(reason: string): string {
  return reason.replace(/: provider=docker@[\d.]+$/, '')
}
