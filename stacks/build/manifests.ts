// The manifests that an image's packages are installed by. npm keeps what any workspace of the lock file asks for when it
// is told to leave development out, so what only tests and optional peers want is taken out of them beforehand. Versions
// and checksums of everything else stay as they are locked.

const LEFT_OUT = ['devDependencies', 'peerDependencies', 'peerDependenciesMeta'] as const

type Manifest = Record<string, unknown>

/** A workspace's package.json, or its entry in the lock file. */
function forProduction(manifest: Manifest): Manifest {
  return Object.fromEntries(Object.entries(manifest).filter(([key]) => !LEFT_OUT.some((name) => name === key)))
}

export function productionManifest(text: string): string {
  return asText(forProduction(JSON.parse(text) as Manifest))
}

/** @param workspaces folders of the workspaces; the root itself is one too */
export function productionLock(text: string, workspaces: readonly string[]): string {
  const lock = JSON.parse(text) as { packages: Record<string, Manifest> }
  const ours = new Set(['', ...workspaces])
  const packages = Object.entries(lock.packages).map(([key, entry]) => [
    key,
    ours.has(key) ? forProduction(entry) : entry,
  ])
  return asText({ ...lock, packages: Object.fromEntries(packages) })
}

const asText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
