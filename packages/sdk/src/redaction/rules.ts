// What well-known secrets look like in a text.
//
// The cost of each pattern grows with the length of the text and no faster, whatever the text: it starts at a literal,
// or at the beginning of a run of characters; what may repeat without a bound can't run into its own start again; all
// else is bounded (rules.test.ts tries it with a megabyte of the worst).

/** A pattern may keep what stands before the secret (group 1) and after it (group 2). */
export interface Rule {
  name: string
  /** One of them stands in every text that the pattern matches, whatever its case. */
  literals: readonly string[]
  find: RegExp
}

const KEY_KINDS = ['api', 'access', 'private', 'secret', 'signing', 'encryption', 'shared', 'account']

/** Names that a secret is assigned to; also the last words of keys that are redacted (keys.ts). */
export const SECRET_WORDS = ['password', 'passwd', 'passphrase', 'pwd', 'secret', 'token', 'credential', 'credentials']
export const SECRET_HEADERS = ['authorization', 'cookie']
export const SECRET_PAIRS = KEY_KINDS.map((kind) => [kind, 'key'] as const)

const ASSIGNED = `passw(?:or)?d|passphrase|pwd|secret|token|credentials?|(?:${KEY_KINDS.join('|')})[_-]?key`
/** What was redacted before, by another process perhaps, is left as it is. */
const NOT_AGAIN = String.raw`(?!\s{0,3}\\{0,3}["']?(?:[a-z]{1,12}\s{1,3})?\[redacted\])`
/** What stands between a name and its value: `=`, `": "`, and the same inside of a quoted text. */
const BETWEEN = String.raw`\\{0,3}["']?\s{0,3}(?:=>|[:=])${NOT_AGAIN}\s{0,3}`
const ESCAPED = String.raw`\\{1,3}["'][^"'\\\r\n]{1,4096}`
const QUOTED = String.raw`"(?:[^"\\\r\n]|\\.){1,4096}"?|'(?:[^'\\\r\n]|\\.){1,4096}'?`
const BARE = String.raw`(?!null\b|undefined\b|true\b|false\b|none\b)[^\s"'\\,;&|)}\]>]{2,4096}`

export const RULES: readonly Rule[] = [
  {
    name: 'private-key',
    literals: ['-----begin'],
    find: /(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)(?!\[redacted\])[\s\S]*?(-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  },
  {
    name: 'authorization',
    literals: ['authorization'],
    find: new RegExp(
      String.raw`(authorization${BETWEEN}\\{0,3}["']?(?:(?:basic|bearer|digest|negotiate|token|apikey)\s{1,3})?)[^\s"'\\,;]{1,8192}`,
      'gi',
    ),
  },
  {
    name: 'cookie',
    literals: ['cookie'],
    find: new RegExp(String.raw`(cookie\\{0,3}["']?\s{0,3}:${NOT_AGAIN}\s{0,3}\\{0,3}["']?)[^"'\\\r\n]{1,8192}`, 'gi'),
  },
  {
    name: 'bearer',
    literals: ['bearer '],
    find: /((?<![a-z0-9])bearer {1,3})[a-z0-9._~+/-]{16,}={0,2}/gi,
  },
  {
    name: 'jwt',
    // Header and payload are JSON objects, so both begin with `{"`.
    literals: ['.eyj'],
    find: /(?<![A-Za-z0-9_-])()eyJ[A-Za-z0-9_-]{5,}\.eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?/g,
  },
  {
    name: 'aws-key',
    literals: ['akia', 'asia', 'abia', 'acca'],
    find: /(?<![A-Za-z0-9])()(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  },
  {
    name: 'vendor-token',
    literals: [
      ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', 'npm_'],
      ...['xoxa-', 'xoxb-', 'xoxe-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'],
      ...['sk_live', 'sk_test', 'rk_live', 'rk_test', 'sk-proj', 'sk-ant-', 'aiza'],
    ],
    find: /(?<![A-Za-z0-9_-])()(?:gh[opsur]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{20,255}|npm_[A-Za-z0-9]{36}|(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10,255}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}|sk-(?:proj|ant)-[A-Za-z0-9_-]{20,512}|AIza[A-Za-z0-9_-]{35})/g,
  },
  {
    name: 'assignment',
    literals: [
      ...['passw', 'passphrase', 'pwd=', 'pwd:', 'pwd"', "pwd'", 'pwd ', 'pwd\\', 'secret', 'token', 'credential'],
      ...KEY_KINDS.flatMap((kind) => ['', '_', '-', ' ', '.'].map((separator) => `${kind}${separator}key`)),
    ],
    find: new RegExp(
      // The second form is that of a command line: `--db-password hunter2`.
      String.raw`((?<!unexpected )(?:${ASSIGNED})${BETWEEN}|-(?:${ASSIGNED}) ${NOT_AGAIN})(?:${ESCAPED}|${QUOTED}|${BARE})`,
      'gi',
    ),
  },
]

/** The password in an address; it has no literal that is rare, so `mayHold` is asked instead. */
export const URL_PASSWORD = {
  name: 'url-password',
  find: /(:\/\/[^\s:@/?#"'<>]{0,256}:)(?!\[redacted\]@)[^\s/"'<>]{1,256}(@)/g,
  mayHold: (text: string): boolean => {
    const scheme = text.indexOf('://')
    return scheme >= 0 && text.indexOf('@', scheme + 3) >= 0
  },
}
