import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../tools/fixtures/temporary.ts'
import { publishedWorkspaces } from './published.ts'

/** A clone of two workspaces: `kit` needs `base`. */
async function clone(manifests: Record<'base' | 'kit', object>): Promise<string> {
  const root = await temporaryFolder()
  const packages: Record<string, object> = {}
  for (const [name, given] of Object.entries(manifests)) {
    const manifest = { name, version: '1.2.3', ...(name === 'kit' && { dependencies: { base: '1.2.3' } }), ...given }
    await mkdir(join(root, name, 'src'), { recursive: true })
    await writeFile(join(root, name, 'package.json'), JSON.stringify(manifest))
    for (const file of ['a.ts', 'a.test.ts', 'a.fixture.ts', 'a.py']) await writeFile(join(root, name, 'src', file), '')
    packages[name] = manifest
    packages[`node_modules/${name}`] = { resolved: name, link: true }
  }
  await writeFile(join(root, 'kit', 'README.md'), '')
  await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages }))
  return root
}

const publishConfig = { exports: { './*': './dist/*.js' } }

test('a workspace is packed as its publishConfig says, without what only tests want', async () => {
  const root = await clone({
    base: { publishConfig },
    kit: { exports: { './*': './src/*.ts' }, devDependencies: { tool: '1.0.0' }, publishConfig },
  })
  const [base, kit] = publishedWorkspaces(root)
  expect(base).toMatchObject({ name: 'base', papers: ['LICENSE'] })
  const { manifest = '', ...rest } = kit ?? {}
  expect(rest).toEqual({
    ...{ name: 'kit', version: '1.2.3', folder: 'kit', modules: ['kit/src/a.ts'] },
    papers: ['LICENSE', 'kit/README.md'],
  })
  expect(JSON.parse(manifest)).toEqual({
    name: 'kit',
    version: '1.2.3',
    dependencies: { base: '1.2.3' },
    ...publishConfig,
  })
})

test('nothing is packed that could not be installed', async () => {
  const root = await clone({ base: {}, kit: { publishConfig } })
  expect(() => publishedWorkspaces(root)).toThrow('kit cannot be packed. It needs base, which nobody could install.')
})
