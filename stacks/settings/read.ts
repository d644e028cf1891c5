// From a stack's configuration to one typed settings object; every fault is reported at once.

import { Errors } from 'typebox/schema'
import { RunlightError } from '@runlight/contracts/errors'
import { nearMiss } from './near-miss.ts'
import { ENVIRONMENTS, settingsSchema, type EnvironmentName, type Settings } from './schema.ts'
import { SECRETS } from './secrets.ts'
import { DECLARATIONS, type Declaration } from './walk.ts'

const NAMESPACE = 'runlight:'
const declared = new Map(DECLARATIONS.map((declaration) => [declaration.path, declaration]))
const secretNames: ReadonlySet<string> = new Set(SECRETS)

export interface StackConfig {
  stack: string
  /** The stack's file, for messages. */
  file: string
  /** Every value as Pulumi gives it: full key (`runlight:loki`) → text, JSON for a group. */
  values: Readonly<Record<string, string>>
  /** Whether a full key is stored encrypted. */
  isSecret: (key: string) => boolean
}

/**
 * The settings of a stack, with defaults filled in.
 * @throws RunlightError RL_CONFIG_INVALID that names each wrong key, what is wrong with it, and the file
 */
export function readSettings(config: StackConfig): Settings {
  const faults: string[] = []
  const given = new Map<string, unknown>()
  for (const [key, value] of Object.entries(config.values)) {
    if (!key.startsWith(NAMESPACE)) continue
    const name = key.slice(NAMESPACE.length)
    if (!secretNames.has(name)) collect(name, value, given, faults)
    else if (!config.isSecret(key)) {
      faults.push(
        `${key} is a credential in plain text; set it again with \`pulumi config set --stack ${config.stack} --secret ${key}\``,
      )
    }
  }
  for (const name of SECRETS) {
    if (config.values[NAMESPACE + name] === undefined) {
      faults.push(`${NAMESPACE}${name} is missing; \`npm run setup -- --stack ${config.stack}\` generates it`)
    }
  }

  const environment = given.get('environment') ?? config.stack.split('-')[0]
  if (!isEnvironment(environment)) {
    const source = given.has('environment') ? '' : `, taken from the stack's name`
    faults.push(`${NAMESPACE}environment is "${environment}"${source}: must be one of ${ENVIRONMENTS.join(', ')}`)
  }
  const settings = {}
  for (const declaration of DECLARATIONS) {
    put(settings, declaration.path, given.get(declaration.path) ?? defaultOf(declaration, environment))
  }
  put(settings, 'environment', environment)
  for (const error of Errors(settingsSchema, settings)[1]) {
    const path = error.instancePath.slice(1).replaceAll('/', '.')
    if (path !== 'environment') faults.push(describeBadValue(path, given.get(path), error))
  }
  faults.push(...doublePorts(settings as Settings))
  if (faults.length > 0) {
    throw new RunlightError(
      'RL_CONFIG_INVALID',
      `The settings of stack ${config.stack} in ${config.file} are not right:\n${faults.map((fault) => `  - ${fault}`).join('\n')}\n` +
        `Change one with: pulumi config set --stack ${config.stack} --path 'runlight:<setting>' <value>`,
    )
  }
  return settings as Settings
}

/** Files a value, or the values of a group, under the path of their declaration; refuses what is not declared. */
function collect(path: string, value: unknown, given: Map<string, unknown>, faults: string[]): void {
  const declaration = declared.get(path)
  if (declaration) {
    given.set(path, declaration.type === 'integer' ? asInteger(value) : value)
    return
  }
  const isGroup = DECLARATIONS.some((other) => other.path.startsWith(`${path}.`))
  if (!isGroup) {
    faults.push(describeUnknown(path))
    return
  }
  const members = asObject(value)
  if (!members) {
    const example = DECLARATIONS.find((other) => other.path.startsWith(`${path}.`))?.path
    faults.push(`${NAMESPACE}${path} is a group of settings, such as ${NAMESPACE}${example}, not a single value`)
    return
  }
  for (const [name, member] of Object.entries(members)) collect(`${path}.${name}`, member, given, faults)
}

function describeUnknown(path: string): string {
  const meant = nearMiss(path, [...declared.keys(), ...SECRETS])
  return `${NAMESPACE}${path} is not a setting` + (meant ? `; did you mean ${NAMESPACE}${meant}?` : '')
}

function describeBadValue(path: string, value: unknown, error: { message: string; params: object }): string {
  const declaration = declared.get(path)
  const allowed = 'allowedValues' in error.params ? `: ${(error.params.allowedValues as string[]).join(', ')}` : ''
  const unit = declaration?.unit ? ` ${declaration.unit}` : ''
  return (
    `${NAMESPACE}${path} is ${JSON.stringify(value)}, but ${error.message}${allowed}` +
    ` (${declaration?.description}; default ${declaration?.default}${unit})`
  )
}

function doublePorts(settings: Settings): string[] {
  const taken = new Map<unknown, string>()
  const faults: string[] = []
  for (const { path, unit } of DECLARATIONS) {
    if (unit !== 'port') continue
    const port = path.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], settings)
    const other = taken.get(port)
    if (other) faults.push(`${NAMESPACE}${path} and ${NAMESPACE}${other} are both ${port}`)
    taken.set(port, path)
  }
  return faults
}

function defaultOf(declaration: Declaration, environment: unknown): unknown {
  return isEnvironment(environment)
    ? (declaration.defaultIn?.[environment] ?? declaration.default)
    : declaration.default
}

function isEnvironment(value: unknown): value is EnvironmentName {
  return ENVIRONMENTS.some((name) => name === value)
}

/** Pulumi keeps `pulumi config set` without --path as text, and a quoted number in YAML too. */
function asInteger(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  let object = value
  if (typeof value === 'string') {
    try {
      object = JSON.parse(value)
    } catch {
      return undefined
    }
  }
  return typeof object === 'object' && object !== null && !Array.isArray(object)
    ? (object as Record<string, unknown>)
    : undefined
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop() as string
  let node = target
  for (const name of names) node = (node[name] ??= {}) as Record<string, unknown>
  node[last] = value
}
