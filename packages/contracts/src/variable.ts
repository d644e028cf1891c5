// What an environment variable is, and the ways to read one.

import { readFileSync } from 'node:fs'

export interface Variable<T> {
  name: string
  doc: string
  /** Older names that are accepted where the name itself is not set. */
  aliases?: readonly string[]
  /** Used when it is not set; without one the variable is required. */
  fallback?: T
  /** Gives the value, or throws an Error that says what is allowed. */
  parse: (text: string) => T
}

export const text = (value: string): string => value

export const list = (value: string): string[] => {
  const items = value.split(',').map((item) => item.trim())
  if (items.some((item) => item === '')) throw new Error('must be a comma-separated list without empty items')
  return items
}

export const oneOf =
  <const T extends string>(allowed: readonly T[]) =>
  (value: string): T => {
    const found = allowed.find((candidate) => candidate === value)
    if (found === undefined) throw new Error(`must be one of ${allowed.join(', ')}`)
    return found
  }

export const integer = (minimum: number, maximum: number) => (value: string) => {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < minimum || number > maximum) {
    throw new Error(`must be a whole number from ${minimum} to ${maximum}`)
  }
  return number
}

export const url =
  (...protocols: string[]) =>
  (value: string): URL => {
    if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
      throw new Error(`must be an address that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`)
    }
    return new URL(value)
  }

/** Origins (https://html.spec.whatwg.org/multipage/browsers.html#concept-origin) as browsers write them, comma-separated. */
export const origins = (value: string): readonly string[] =>
  list(value).map((item) => {
    const origin = URL.canParse(item) && /^https?:/i.test(item) ? new URL(item) : undefined
    if (!origin || origin.href !== `${origin.origin}/`) {
      throw new Error(`must be a list of scheme://host or scheme://host:port with http or https, but has ${item}`)
    }
    return origin.origin
  })

export const hostPort = (value: string): { host: string; port: number } => {
  const match = /^(.+):(\d{1,5})$/.exec(value)
  if (!match || Number(match[2]) > 65535) throw new Error('must be host:port')
  return { host: (match[1] as string).replace(/^\[(.*)\]$/, '$1'), port: Number(match[2]) }
}

/** A secret is read from the file that the variable names, so that it is in no process list and no environment. */
export const secretFile = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trimEnd()
  } catch (cause) {
    throw new Error(`must name a readable file (${(cause as Error).message})`, { cause })
  }
}

export const variable = <T>(definition: Variable<T>): Variable<T> => definition

export interface ComponentPage {
  name: string
  url: URL
}

/** `name=http://host:port/path`, comma-separated. */
export const componentPages = (value: string): readonly ComponentPage[] =>
  list(value).map((item) => {
    const [, name, address = ''] = /^([^=]+)=(https?:.+)$/.exec(item) ?? []
    if (name === undefined || !URL.canParse(address)) {
      throw new Error(`must be a list of name=http://host:port/path, but has ${item}`)
    }
    return { name, url: new URL(address) }
  })

export interface LogPlace {
  component: string
  kind: 'file' | 'docker'
  /** Of the file; for `docker`, the engine's folder of containers with the tag of the component's lines below it. */
  path: string
}

/** `name=kind:place`, such as `bus=file:/var/log/bus.log` and `bus=docker:/containers/stack-bus`. */
export const logSources = (value: string): LogPlace[] =>
  list(value).map((item) => {
    const match = /^([^=]+)=(file|docker):(\/.+)$/.exec(item)
    if (!match)
      throw new Error(`must be a list of component=file:/path or component=docker:/folder/tag, but has ${item}`)
    return { component: match[1] as string, kind: match[2] as LogPlace['kind'], path: match[3] as string }
  })
