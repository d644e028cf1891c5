// `npm run generate`: writes what is derived from the contracts. `--check` writes nothing and fails on a difference.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generatedFiles } from './generate/files.ts'

const check = process.argv.includes('--check')
const stale: string[] = []
for (const { path, render } of generatedFiles) {
  const before = await readFile(path, 'utf8').catch(() => '')
  const after = await render(before)
  if (after === before) continue
  stale.push(path)
  if (check) continue
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, after)
}
if (stale.length === 0) console.log('Everything generated is up to date.')
else console.log(`${check ? 'Not up to date' : 'Written'}: ${stale.join(', ')}`)
if (check && stale.length > 0) process.exitCode = 1
