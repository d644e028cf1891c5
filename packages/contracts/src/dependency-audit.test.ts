import { expect, test } from 'vitest'
import { NODES, SHARDED, auditGraph } from './dependency-audit.ts'

test('the graph fans out into shards and joins again', () => {
  const { nodes } = auditGraph(2)
  expect(nodes.map(({ ref }) => ref)).toEqual([
    'read-lock',
    'licences-1',
    'integrity-1',
    'sizes-1',
    'licences-2',
    'integrity-2',
    'sizes-2',
    'duplicates',
    'join',
    'report',
  ])
  const after = new Map(nodes.map(({ ref, after }) => [ref, after]))
  expect(after.get(NODES.readLock)).toEqual([])
  for (const name of SHARDED) expect(after.get(NODES.sharded(name, 2))).toEqual([NODES.readLock])
  expect(after.get(NODES.join)).toHaveLength(7)
  expect(after.get(NODES.report)).toEqual([NODES.join])
})
