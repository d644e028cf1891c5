// The pinned images of configs/versions.json, and what has to be known of one to run it.

import { readFileSync } from 'node:fs'

export type QuestionKind = 'http' | 'kafka' | 'postgres' | 'temporal'

export interface PinnedImage {
  image: string
  tag: string
  digest?: string
  /** uid:gid of the image's own user. */
  user: string
  /** Folder of that user, on which the data volume is mounted. */
  data?: string
  /** Paths of programs that are not on the image's PATH. */
  binaries?: Readonly<Record<string, string>>
  /** Commands inside the image that ask its own API. */
  asks?: Partial<Record<QuestionKind, readonly string[]>>
  /** Seconds between two questions, where asking is costly. */
  askSeconds?: number
}

const VERSIONS = new URL('../../../configs/versions.json', import.meta.url)

/** @throws Error when nothing is pinned under that name */
export function pinnedImage(name: string): PinnedImage {
  const image = pinnedImages()[name]
  if (!image) throw new Error(`configs/versions.json pins no image ${name}`)
  return image
}

/** Under which name an image is pinned; undefined for any other. */
export function pinnedName(reference: string): string | undefined {
  return Object.entries(pinnedImages()).find(([, image]) => referenceOf(image) === reference)?.[0]
}

function pinnedImages(): Readonly<Record<string, PinnedImage>> {
  const { images } = JSON.parse(readFileSync(VERSIONS, 'utf8')) as { images: Record<string, PinnedImage> }
  const { $comment: _, ...pinned } = images
  return pinned
}

/** What is pulled: the digest decides where one is known. */
export function referenceOf({ image, tag, digest }: PinnedImage): string {
  return `${image}:${tag}${digest === undefined ? '' : `@${digest}`}`
}
