// COPY's text format (https://www.postgresql.org/docs/current/sql-copy.html): a line a row, a tab between columns.

import { setImmediate } from 'node:timers/promises'
import postgres from 'postgres'
import type { TransactionSql } from 'postgres'

/** A column without a value. */
export const NULL = '\\N'

const SPECIAL = /[\\\t\n\r\b\f\v]/
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
}

/** A text as COPY reads it. */
export function copyText(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\t\n\r\b\f\v]/g, (character) => ESCAPES[character] as string) : text
}

export function copyOptional(text: string | undefined): string {
  return text === undefined ? NULL : copyText(text)
}

/** An array of texts as a literal, for COPY. */
export function copyTextArray(items: readonly string[]): string {
  const quoted = items.map((item) => `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
  return copyText(`{${quoted.join(',')}}`)
}

/** The columns of a row as texts again; null for a column without a value. */
export function copyColumns(row: string): (string | null)[] {
  return row.split('\t').map((column) => (column === NULL ? null : unescape(column)))
}

function unescape(column: string): string {
  return column.includes('\\') ? column.replace(/\\(.)/g, (_, code: string) => CHARACTERS[code] as string) : column
}

const CHARACTERS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ESCAPES).map(([character, escape]) => [escape[1], character]),
)

/**
 * Sends rows with COPY and resolves when they are on their way. Whether the server takes them is told by the next
 * statement of the transaction, which must follow: the driver says nothing of a COPY that is refused after its last byte
 * (its stream then never ends), but the transaction is aborted and everything after it fails with 25P02.
 */
export async function copyRows(
  tx: TransactionSql,
  table: string,
  columns: readonly string[],
  rows: readonly string[],
): Promise<void> {
  const stream = await tx`copy ${tx(table)} (${tx(columns as string[])}) from stdin`.writable()
  let failure: Error | undefined
  stream.on('error', (cause) => (failure = cause))
  await new Promise<void>((resolve, reject) => {
    stream.write(`${rows.join('\n')}\n`, (cause) => (cause ? reject(failure ?? cause) : resolve()))
  })
  stream.end()
  // The stream's last step is one turn away; before it the driver takes no other statement.
  await setImmediate()
  if (failure) throw failure
}

/** Does the transaction fail only because a statement before it has failed, such as a COPY? */
export function isAborted(cause: unknown): boolean {
  return cause instanceof postgres.PostgresError && cause.code === '25P02'
}
