import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs'
import { delimiter, dirname, join, resolve, sep } from 'node:path'
import semver from 'semver'
import { run } from './command.ts'
import type { Probe, ToolPin } from './versions.ts'

/** A copy of a tool that was there before us. */
interface FoundOnPath {
  version: string
  bin: Record<string, string>
  home: string
}

/** What the search on PATH came to: a copy that fits, or why none does (empty if there is none at all). */
export type PathSearch = { found: FoundOnPath } | { found?: undefined; unfit: string }

/** Where to look: an environment, and folders whose content isn't the person's own (our cache). */
export interface PathOptions {
  env: NodeJS.ProcessEnv
  except?: readonly string[]
  signal?: AbortSignal
}

/**
 * Looks for a tool on PATH (and in the folder that its home variable names, which goes first) and asks it for its
 * version. The first copy in the accepted range that has all the tool's binaries in its folder is taken.
 *
 * Folders of npm (`node_modules/.bin`) are passed over: npm puts them on PATH for its scripts, and the `pulumi` there
 * is a wrapper that would try to download a CLI.
 */
export async function searchPath(pin: ToolPin, options: PathOptions): Promise<PathSearch> {
  if (!pin.probe || !pin.accepts) return { unfit: '' }
  const command = pin.onPath?.command ?? pin.probe.binary
  const unfit: string[] = []
  for (const folder of foldersOf(pin, options)) {
    const path = join(folder, command)
    if (!isExecutable(path) || isOurs(path, options)) continue
    const bin = binariesBeside(path, pin)
    const missing = Object.entries(bin).filter(([, file]) => !existsSync(file))
    if (missing.length > 0) {
      unfit.push(`${path} comes without ${missing.map(([name]) => name).join(', ')}`)
      continue
    }
    const version = await probeVersion(path, pin.probe, options)
    if (version.error !== undefined) unfit.push(`${path} doesn't tell its version: ${version.error}`)
    else if (!semver.satisfies(version.version, pin.accepts))
      unfit.push(`${path} is version ${version.version}, needed is ${pin.accepts}`)
    else return { found: { version: version.version, bin, home: dirname(path) } }
  }
  return { unfit: unfit.join('; ') }
}

/**
 * Asks a program for its version.
 *
 * @returns the version as three numbers (`18.4` becomes `18.4.0`), or why there is none
 */
export async function probeVersion(
  path: string,
  probe: Probe,
  options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<{ version: string; error?: undefined } | { version?: undefined; error: string }> {
  const lines: string[] = []
  try {
    await run({
      file: path,
      args: probe.args,
      ...(options.env ? { env: options.env } : {}),
      signal: AbortSignal.any([AbortSignal.timeout(20_000), ...(options.signal ? [options.signal] : [])]),
      onLine: (line) => lines.push(line),
    })
  } catch (error) {
    options.signal?.throwIfAborted()
    return { error: lines.at(-1) ?? (error as Error).message }
  }
  const match = new RegExp(probe.pattern).exec(lines.join('\n'))
  const version = semver.coerce(match?.[1])?.version
  return version === undefined ? { error: lines[0] ?? 'it prints nothing' } : { version }
}

/** Links count as what they point to: `.runlight/env` puts links into our cache on PATH. */
function isOurs(path: string, { except = [] }: PathOptions): boolean {
  const real = realpathSync(path)
  return except.some((root) => existsSync(root) && real.startsWith(realpathSync(root) + sep))
}

function foldersOf(pin: ToolPin, { env }: PathOptions): string[] {
  const variable = pin.onPath?.homeVariable
  const home = variable === undefined ? undefined : env[variable]
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  if (home) folders.unshift(join(home, 'bin'))
  return [...new Set(folders.map((folder) => resolve(folder)))].filter(
    (folder) => !folder.endsWith(join('node_modules', '.bin')),
  )
}

function binariesBeside(path: string, pin: ToolPin): Record<string, string> {
  const files = pin.onPath?.files
  // A command on PATH is often a link into its distribution's folder; only the real folder has the rest.
  if (files) {
    const home = dirname(realpathSync(path))
    return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, resolve(home, file)]))
  }
  return Object.fromEntries(pin.binaries.map((name) => [name, join(dirname(path), name)]))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
