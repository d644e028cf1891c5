// What Loki had acknowledged between two kills is there after the second, though the first tore a record of its log.

import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { TENANT_HEADER } from '@runlight/contracts/labels'
import { expect, test } from 'vitest'
import { startLoki } from '../../regression/fixtures/loki.ts'
import { readLokiLines } from '../../regression/oracle/loki-lines.ts'

test('a Loki that is killed twice, the first time in the middle of a write, has every line that it took', async () => {
  const loki = await startLoki()
  const begun = BigInt(Date.now()) * 1_000_000n
  const push = async (line: string) => {
    const values = [[String(BigInt(Date.now()) * 1_000_000n), line]]
    const answer = await fetch(new URL('loki/api/v1/push', loki.url), {
      method: 'POST',
      headers: { [TENANT_HEADER]: 'org', 'content-type': 'application/json' },
      body: JSON.stringify({ streams: [{ stream: { line }, values }] }),
    })
    expect(answer.status).toBe(204)
  }
  const lines = async () => {
    const query = { url: loki.url.origin, tenant: 'org', query: '{line=~".+"}', start: begun }
    const found = await readLokiLines({ ...query, end: begun + 3_600_000_000_000n })
    return found.map(({ line }) => line)
  }
  try {
    await push('before the first')
    await loki.kill()
    const segments = readdirSync(loki.writeAheadLog).filter((name) => /^\d+$/.test(name))
    const last = join(loki.writeAheadLog, segments.sort().at(-1) as string)
    // The first of a record's fragments, and not all of it.
    appendFileSync(last, Buffer.concat([Buffer.from([2, 0x40, 0, 1, 2, 3, 4]), Buffer.alloc(5_000, 7)]))
    await loki.start()
    expect(await lines()).toEqual(['before the first'])
    await push('between them')
    await loki.kill()
    await loki.start()
    expect(await lines()).toEqual(['before the first', 'between them'])
  } finally {
    await loki.stop()
  }
})
