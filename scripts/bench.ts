// `npm run bench`: measured figures as a table, and as JSON in .runlight/bench. Figures are read, not asserted: they say
// something only beside those of the same run. `-- --lines 1000000` for as many as in docs/performance.md.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asTable } from '../regression/bench/figures.ts'
import type { Measurement } from '../regression/bench/figures.ts'
import { measureLokiBridge } from '../regression/bench/loki-bridge.ts'
import { measurePostgresSink } from '../regression/bench/postgres-sink.ts'
import { setup } from './setup.ts'
import { runVerb } from './verb.ts'

const { values } = parseArgs({
  options: { lines: { type: 'string', default: '200000' }, runs: { type: 'string', default: '40' } },
})

await runVerb('bench', async (signal) => {
  await setup({ stack: 'local', signal })
  const lines = Number(values.lines)
  const folder = join(process.env['RUNLIGHT_HOME'] ?? '.runlight', 'bench')
  await mkdir(folder, { recursive: true })
  const show = async (name: string, found: Measurement) => {
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(found, null, 2)}\n`)
    console.log(`${asTable(found)}\n`)
  }
  await show('loki-bridge', await measureLokiBridge({ lines, runs: Number(values.runs) }))
  await show('postgres-sink', await measurePostgresSink({ lines }))
  return 0
})
