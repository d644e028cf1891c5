import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface LockedPackage {
  version?: string
  optionalDependencies?: Record<string, string>
}

// npm leaves an optional package that its registry doesn't have out of the lock file without a word, and then
// `npm ci` refuses the file ("Missing: … from lock file"): no fresh clone could be installed. An older version of
// the package that asks for it is the way out (see `overrides` in package.json).
test('package-lock.json is complete: every optional dependency has its entry', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, LockedPackage>
  }
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !foldersAbove(path).some((folder) => `${folder}node_modules/${name}` in packages))
      .map((name) => `${path} → ${name}`),
  )
  expect(missing).toEqual([])
})

/** The folders that Node looks for modules in, from a package upwards. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/') + '/').concat('')
}
