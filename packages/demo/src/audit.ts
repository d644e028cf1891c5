// What the nodes of an audit tell each other.

/** Which lock file, to the byte: all nodes must have read the same. */
export interface Lock {
  file: string
  sha256: string
  packages: number
}

/** One part of the packages: those whose name falls into it. */
export interface Shard {
  lock: Lock
  index: number
  of: number
}

export interface Finding {
  /** `name@version`. */
  package: string
  problem: string
}

export interface LicenceResult {
  packages: number
  /** Licence → packages. */
  licences: Readonly<Record<string, number>>
  findings: Finding[]
}

export interface IntegrityResult {
  packages: number
  /** Hash algorithm → packages. */
  algorithms: Readonly<Record<string, number>>
  findings: Finding[]
}

export interface SizeResult {
  packages: number
  bytes: number
  largest: { package: string; bytes: number }[]
  notInstalled: number
}

export interface DuplicateResult {
  /** Names that are there in several versions. */
  duplicates: { name: string; versions: string[] }[]
}

export interface AuditSummary {
  packages: number
  bytes: number
  notInstalled: number
  licences: Readonly<Record<string, number>>
  algorithms: Readonly<Record<string, number>>
  duplicates: number
  findings: number
}

/** All results, joined. */
export interface AuditFindings {
  summary: AuditSummary
  findings: Finding[]
  duplicates: DuplicateResult['duplicates']
  largest: SizeResult['largest']
}

export interface AuditResult {
  summary: AuditSummary
  /** The artefacts. */
  json: string
  markdown: string
}
