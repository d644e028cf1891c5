// Turning what a caller logs into JSON, whatever it is.

/**
 * JSON of a value; never throws. What JSON can't say becomes text: big integers, cycles, an error thrown by a getter
 * or toJSON. Errors keep their name, message and stack. A value that JSON leaves out is null.
 */
export function toJson(value: unknown): string {
  try {
    if (!hasErrors(value)) return JSON.stringify(value) ?? 'null'
  } catch {
    // Tried again below, in a way that can't fail.
  }
  try {
    return JSON.stringify(value, describe()) ?? 'null'
  } catch (cause) {
    return JSON.stringify(`[not serialisable: ${causeText(cause)}]`)
  }
}

/** JSON of an object. Anything else is put into one, under `value`. */
export function toJsonObject(value: unknown): string {
  const json = toJson(isError(value) ? { error: value } : value)
  return json.startsWith('{') ? json : `{"value":${json}}`
}

/** JSON as it is, or a note in its place when it is longer than `limit` characters. */
export function boundedJson(json: string, limit: number): string {
  return json.length <= limit ? json : JSON.stringify({ truncated: true, characters: json.length })
}

/** A text cut to `limit` characters, with a mark where it was cut. */
export function boundText(text: string, limit: number): string {
  if (text.length <= limit) return text
  const end = wholeCharacters(text, limit)
  return `${text.slice(0, end)}… [cut: ${text.length - end} more characters]`
}

/** `end`, or one less where that would part a surrogate pair. */
export function wholeCharacters(text: string, end: number): number {
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end
}

/** A value as text; never throws. */
export function safeText(value: unknown): string {
  try {
    return String(value)
  } catch {
    return '[not readable]'
  }
}

/** Whether a value is an error, also when it is a proxy that throws. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error
  } catch {
    return false
  }
}

function causeText(cause: unknown): string {
  try {
    return safeText(isError(cause) ? cause.message : cause)
  } catch {
    return '[not readable]'
  }
}

function hasErrors(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Error) return true
  for (const key in value) {
    if ((value as Record<string, unknown>)[key] instanceof Error) return true
  }
  return false
}

/** A replacer that leaves nothing for JSON.stringify to throw at. */
function describe(): (this: unknown, key: string, value: unknown) => unknown {
  const ancestors: unknown[] = []
  return function (this: unknown, _key: string, value: unknown): unknown {
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    while (ancestors.length > 0 && ancestors.at(-1) !== this) ancestors.pop()
    if (ancestors.includes(value)) return '[circular]'
    const described = value instanceof Error ? describeError(value) : value
    ancestors.push(described)
    return described
  }
}

function describeError(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error
  return { ...error, name, message, stack, ...(cause !== undefined && { cause }) }
}
