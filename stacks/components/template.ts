import { readFileSync } from 'node:fs'

const CONFIGS = new URL('../../configs/', import.meta.url)
const PLACEHOLDER = /\$\{(\w+)\}/g

/**
 * A configuration file from configs/ with each `${name}` replaced.
 * @throws Error when a placeholder has no value, or a value no placeholder
 */
export function renderTemplate(path: string, values: Readonly<Record<string, string | number>>): string {
  const unused = new Set(Object.keys(values))
  const text = readFileSync(new URL(path, CONFIGS), 'utf8').replace(PLACEHOLDER, (_, name: string) => {
    if (!(name in values)) throw new Error(`configs/${path} asks for \${${name}}, which it is not given`)
    unused.delete(name)
    return String(values[name])
  })
  if (unused.size > 0) throw new Error(`configs/${path} has no place for ${[...unused].join(', ')}`)
  return text
}
