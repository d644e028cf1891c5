// The two ways in which rows get into a table.

import type { TransactionSql } from 'postgres'
import type { Table } from '@runlight/contracts/tables'
import { copyColumns, copyRows } from './copy.ts'

/**
 * `copy` is quick (40 % less work for the server than INSERT from arrays), but of a refused row it says nothing.
 * `insert` is what a batch is repeated with then: it has the server's own words.
 */
export type WayIn = 'copy' | 'insert'

/** @param rows in COPY's text format, in the order of the table's columns */
export async function insertRows(
  tx: TransactionSql,
  name: string,
  { columns }: Table,
  rows: readonly string[],
  way: WayIn,
): Promise<void> {
  const names = Object.keys(columns)
  if (way === 'copy') return copyRows(tx, name, names, rows)
  const objects = rows.map((row) => {
    const values = copyColumns(row)
    return Object.fromEntries(names.map((column, index) => [column, values[index]]))
  })
  // Each value travels as a text and is read by its column's own type, as with COPY.
  const quoted = names.map((column) => `"${column}"`)
  const casts = names.map((column) => `"${column}"::${(columns[column] as Table['columns'][string]).type}`)
  await tx.unsafe(
    `insert into ${name} (${quoted.join(', ')}) select ${casts.join(', ')}
     from json_to_recordset($1::text::json) as n (${quoted.map((column) => `${column} text`).join(', ')})`,
    [JSON.stringify(objects)],
  )
}
