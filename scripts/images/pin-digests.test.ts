import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../tools/fixtures/temporary.ts'
import { pinDigests } from './pin-digests.ts'

const VERSIONS = fileURLToPath(new URL('../../configs/versions.json', import.meta.url))
const NOTHING = /"digest": "sha256:[0-9a-f]{64}",\n\s*/g

let folder: string
let file: string
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder, 'versions.json')
  cpSync(VERSIONS, file)
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`)
})
afterEach(() => void vi.unstubAllEnvs())

/** Of the same image elsewhere. */
const MIRRORED = `sha256:${'0'.repeat(64)}`

/** A docker command that pulls anything but what is named, and tells digests that come from the reference and a salt. */
function dockerCommand(salt: string, fails = 'nothing'): void {
  const script = `#!/bin/sh
for last; do :; done
case $1 in
  pull) [ "\${last%%:*}" != ${fails} ] || { echo no such host >&2; exit 1; };;
  image) echo "mirror.example/\${last%:*}@${MIRRORED}"
    echo "docker.io/\${last%:*}@sha256:$(echo "${salt} $last" | sha256sum | cut -d' ' -f1)";;
esac
`
  writeFileSync(join(folder, 'docker'), script)
  chmodSync(join(folder, 'docker'), 0o755)
}
const pin = (again = false) => pinDigests(file, { again, signal: AbortSignal.timeout(30_000), note: () => undefined })
const images = () =>
  Object.entries(
    (JSON.parse(readFileSync(file, 'utf8')) as { images: Record<string, { digest?: string } | string> }).images,
  ).flatMap(([name, image]) => (typeof image === 'string' ? [] : [[name, image.digest] as const]))

it('writes the digest of each image beside its tag, and changes nothing else', async () => {
  dockerCommand('first')
  const found = await pin(true)
  expect([...found.keys()]).toEqual(expect.arrayContaining(['redpanda', 'grafana', 'node']))
  expect([...found.values()]).not.toContain(MIRRORED)
  expect(images()).toEqual(images().map(([name]) => [name, found.get(name)]))
  const without = (text: string) => text.replace(NOTHING, '')
  expect(without(readFileSync(file, 'utf8'))).toBe(without(readFileSync(VERSIONS, 'utf8')))
})

it('keeps what is there, unless it is asked again', async () => {
  dockerCommand('first')
  await pin(true)
  const before = images()
  dockerCommand('second')
  expect((await pin()).size).toBe(0)
  expect(images()).toEqual(before)
  expect((await pin(true)).size).toBe(before.length)
  expect(images()).not.toEqual(before)
})

it('writes nothing when one cannot be pulled', async () => {
  dockerCommand('first', 'grafana/loki')
  await expect(pin(true)).rejects.toThrow('docker ended with exit code 1')
  expect(readFileSync(file, 'utf8')).toBe(readFileSync(VERSIONS, 'utf8'))
})
