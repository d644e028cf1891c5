// Digests of the images in configs/versions.json, asked of their registries through an engine that can reach them.

import { readFile, writeFile } from 'node:fs/promises'
import { run } from '../tools/command.ts'

interface Pinned {
  image: string
  tag: string
  digest?: string
}

const PULL_MS = 600_000
const DIGEST = /@(sha256:[0-9a-f]{64})$/

/**
 * Writes the digest beside each tag that has none, or with `again` beside each: a tag that its project has moved is seen
 * in the difference. Only these lines of the file change.
 * @returns name → digest of those that were written
 * @throws CommandFailed with the engine's words when an image can't be pulled; nothing is written then
 */
export async function pinDigests(
  file: string,
  { again = false, signal, note }: { again?: boolean; signal: AbortSignal; note: (text: string) => void },
): Promise<Map<string, string>> {
  let text = await readFile(file, 'utf8')
  const { images } = JSON.parse(text) as { images: Record<string, Pinned | string> }
  const found = new Map<string, string>()
  for (const [name, pinned] of Object.entries(images)) {
    if (typeof pinned === 'string' || (pinned.digest !== undefined && !again)) continue
    const { image, tag, digest: before } = pinned
    note(`asking for ${image}:${tag}`)
    const digest = await digestOf(`${image}:${tag}`, image, signal)
    if (digest === before) continue
    const lines = `"image": "${image}",\n      "tag": "${tag}",\n`
    const old = before === undefined ? lines : `${lines}      "digest": "${before}",\n`
    if (!text.includes(old))
      throw new Error(`${file} does not write ${name} as image, tag, digest on lines of their own`)
    text = text.replace(old, `${lines}      "digest": "${digest}",\n`)
    found.set(name, digest)
  }
  if (found.size > 0) await writeFile(file, text)
  return found
}

/** Of the list of an image's platforms where it has one: the same for every machine. */
async function digestOf(reference: string, image: string, signal: AbortSignal): Promise<string> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PULL_MS)])
  await run({ file: 'docker', args: ['pull', '--quiet', reference], signal: limited })
  const args = ['image', 'inspect', '--format', '{{range .RepoDigests}}{{println .}}{{end}}', reference]
  const digests = (await run({ file: 'docker', args, signal: limited })).split('\n')
  // The same image may have come from other registries, too, and under names that end alike.
  const digest = digests.find((each) => repositoryOf(each.split('@')[0] ?? '') === repositoryOf(image))
  const [, value] = DIGEST.exec(digest ?? '') ?? []
  if (value === undefined)
    throw new Error(`The engine knows no digest of ${reference}: it was not pulled from a registry`)
  return value
}

/** Some engines write out where Docker Hub's images are, others do not. */
const repositoryOf = (image: string): string => image.replace(/^docker\.io\/(library\/)?/, '')
