// `npm run bench`: measured figures as a table, and as JSON in .runlight/bench. Figures are read, not asserted: they say
// something only beside those of the same run. `-- --lines 1000000 --followers 2000` for as many as in
// docs/performance.md, `-- --only reading` for a part.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asTable } from '../regression/bench/figures.ts'
import { measureLokiBridge } from '../regression/bench/loki-bridge.ts'
import { measurePostgresSink } from '../regression/bench/postgres-sink.ts'
import { measureLive } from '../regression/bench/read-live.ts'
import { measureStored } from '../regression/bench/read-stored.ts'
import { readingTable } from '../regression/bench/reading.ts'
import { API_MEMORY } from '../stacks/components/telemetry-api.ts'
import { setup } from './setup.ts'
import { runVerb } from './verb.ts'

const PARTS = ['delivering', 'reading', 'live'] as const

/** What a live stream is asked for. */
const LIVE = { linesPerSecond: 5_000, followers: 100, seconds: 30, warmUpSeconds: 10 }

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '200000' },
    runs: { type: 'string', default: '40' },
    followers: { type: 'string', default: '500' },
    only: { type: 'string', multiple: true, default: [...PARTS] },
  },
})

await runVerb('bench', async (signal) => {
  const unknown = values.only.find((part) => !(PARTS as readonly string[]).includes(part))
  if (unknown !== undefined) throw new Error(`There is no part ${unknown} to measure, only ${PARTS.join(', ')}.`)
  await setup({ stack: 'local', signal })
  const [lines, followers] = [Number(values.lines), Number(values.followers)]
  const folder = join(process.env['RUNLIGHT_HOME'] ?? '.runlight', 'bench')
  await mkdir(folder, { recursive: true })
  const show = async <T>(name: string, found: T, asText: (found: T) => string) => {
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(found, null, 2)}\n`)
    console.log(`${asText(found)}\n`)
  }
  if (values.only.includes('delivering')) {
    await show('loki-bridge', await measureLokiBridge({ lines, runs: Number(values.runs) }), asTable)
    await show('postgres-sink', await measurePostgresSink({ lines }), asTable)
  }
  // The API with the heap that it has in a stack.
  const { heapMiB } = API_MEMORY
  if (values.only.includes('reading')) {
    await show('reading', await measureStored({ lines, followers, heapMiB }), readingTable)
  }
  if (values.only.includes('live')) await show('live', await measureLive({ ...LIVE, heapMiB }), readingTable)
  return 0
})
