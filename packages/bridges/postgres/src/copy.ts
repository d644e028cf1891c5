// COPY's text format (https://www.postgresql.org/docs/current/sql-copy.html): a line a row, a tab between columns.

import { finished } from 'node:stream/promises'
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

/** Sends rows with COPY inside a transaction. Each row is a line in COPY's text format without its line end. */
export async function copyRows(
  tx: TransactionSql,
  table: string,
  columns: readonly string[],
  rows: readonly string[],
): Promise<void> {
  if (rows.length === 0) return
  const stream = await tx`copy ${tx(table)} (${tx(columns as string[])}) from stdin`.writable()
  stream.end(`${rows.join('\n')}\n`)
  await finished(stream)
}
