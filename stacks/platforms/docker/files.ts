// Configuration and secret files of a container. The engine copies no file into a container whose root is read-only, so
// they lie on a volume of their own, which the component mounts read-only; a container that never runs carries them
// there. Its name says what it holds: other files are another volume, and the one before goes with its container.

import { createHmac } from 'node:crypto'
import * as docker from '@pulumi/docker'
import * as pulumi from '@pulumi/pulumi'
import { LABELS } from './labels.ts'

/** Where a component finds its files. */
export const FILES_AT = '/etc/runlight'

export const filePath = (name: string): string => `${FILES_AT}/files/${name}`
export const secretPath = (name: string): string => `${FILES_AT}/secrets/${name}`

export interface Files {
  files: Readonly<Record<string, string>>
  secrets: Readonly<Record<string, pulumi.Output<string>>>
}

export interface Carrier {
  stack: string
  component: string
  /** Of the container and the volume, before the digest. */
  name: string
  /** Any image that the engine has. */
  image: string
  /** Rights that it would have, though it never runs. */
  confined: Confined
  /** Keeps a digest of secrets from saying anything of them. */
  key: pulumi.Output<string>
}

type Confined = Pick<docker.ContainerArgs, 'user' | 'capabilities' | 'securityOpts'>

/** The volume with the files, and what has to be there before it is mounted. */
export function fileVolume(
  { files, secrets }: Files,
  { stack, component, name, image, confined, key }: Carrier,
  options: pulumi.CustomResourceOptions,
): { volume: pulumi.Output<string>; resource: pulumi.Resource } {
  const uploads = [
    // The provider takes an empty text for none.
    ...Object.entries(files).map(([path, text]) => ({
      file: filePath(path),
      content: text || '\n',
      permissions: '0444',
    })),
    // Nobody but the component's own process is in its container, and that is not root there.
    ...Object.entries(secrets).map(([path, content]) => ({ file: secretPath(path), content, permissions: '0444' })),
  ]
  const digest = pulumi
    .all([key, pulumi.all(uploads)])
    .apply(([text, all]) => createHmac('sha256', text).update(JSON.stringify(all)).digest('hex').slice(0, 12))
  const volumeName = pulumi.unsecret(pulumi.interpolate`${name}-${digest}`)
  const labels = [
    { label: LABELS.stack, value: stack },
    { label: LABELS.component, value: component },
  ]
  const volume = new docker.Volume(`${component}-files`, { name: volumeName, labels }, options)
  const carrier = new docker.Container(
    `${component}-files`,
    {
      name: volumeName,
      image,
      ...confined,
      ...{ start: false, mustRun: false, restart: 'no', networkMode: 'none' },
      // Never run, but an image without a command of its own is refused.
      entrypoints: ['true'],
      mounts: [{ type: 'volume', source: volume.name, target: FILES_AT }],
      uploads,
      labels,
    },
    options,
  )
  return { volume: volume.name, resource: carrier }
}
