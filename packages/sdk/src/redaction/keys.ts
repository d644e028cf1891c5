// Which fields hold secrets, by their names: `dbPassword`, `x-api-key`, `ACCESS_TOKEN`, but not `tokenCount`.

import { SECRET_HEADERS, SECRET_PAIRS, SECRET_WORDS } from './rules.ts'

const REMEMBERED = 2_000
/** Of a longer name only the end is looked at. */
const LENGTH = 128

const LAST_WORDS = new Set([...SECRET_WORDS, ...SECRET_HEADERS, ...SECRET_PAIRS.map((pair) => pair.join(''))])
const LAST_PAIRS = new Set(SECRET_PAIRS.map((pair) => pair.join(' ')))

/** The words of a name: `accessToken`, `access_token` and `Access-Token` are all `access token`. */
function words(name: string): string[] {
  return name
    .slice(-LENGTH)
    .replaceAll(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

export class SecretKeys {
  readonly #own: Set<string>
  readonly #defaults: boolean
  readonly #known = new Map<string, boolean>()

  /** @param own names that are secret besides the well-known ones, in any spelling of their words */
  constructor(own: readonly string[], defaults: boolean) {
    this.#own = new Set(own.map((name) => words(name).join('')))
    this.#defaults = defaults
  }

  /** Whether the value of a field with this name is to be replaced. */
  has(name: string): boolean {
    let secret = this.#known.get(name)
    if (secret === undefined) {
      secret = this.#judge(words(name))
      if (this.#known.size < REMEMBERED) this.#known.set(name, secret)
    }
    return secret
  }

  #judge(name: readonly string[]): boolean {
    if (this.#own.has(name.join(''))) return true
    if (!this.#defaults) return false
    return LAST_WORDS.has(name.at(-1) ?? '') || LAST_PAIRS.has(name.slice(-2).join(' '))
  }
}

/** Spellings of a name, of which each that counts holds one, whatever its case. */
export function spellings(name: string): string[] {
  const parts = words(name)
  // A single character is searched for as it stands in JSON.
  if (parts.join('').length < 2) return [`"${name}"`]
  return ['', '_', '-', ' ', '.'].map((separator) => parts.join(separator))
}
