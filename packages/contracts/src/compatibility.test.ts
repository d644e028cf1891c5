// A record that was once valid stays readable: records are recorded per schema version and never edited.

import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkLogEntry } from './log-entry.ts'
import { checkTraceEvent } from './trace-event.ts'

const folder = new URL('../records/', import.meta.url)

function recorded(version: string, file: string): unknown[] {
  return readFileSync(new URL(`${version}/${file}`, folder), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

describe.each(readdirSync(folder))('records of schema %s', (version) => {
  it.each(recorded(version, 'logs.ndjson').map((record, line) => ({ line: line + 1, record })))(
    'reads log entry $line',
    ({ record }) => {
      expect(checkLogEntry(record)).toEqual({ ok: true, value: record })
    },
  )
  it.each(recorded(version, 'events.ndjson').map((record, line) => ({ line: line + 1, record })))(
    'reads event $line',
    ({ record }) => {
      expect(checkTraceEvent(record)).toEqual({ ok: true, value: record })
    },
  )
})
