import { expect, test } from 'vitest'
import { readRunMemo } from './memo.ts'

const graph = { nodes: [{ ref: 'read', after: [] }] }

test('reads what a memo declares and leaves the other fields alone', () => {
  const { memo, refusals } = readRunMemo({ graph, workflowId: 'audit', orgId: 'acme', mine: 1 })
  expect(memo).toEqual({ graph, workflowId: 'audit', orgId: 'acme' })
  expect(refusals).toEqual([])
})

test('a field without its shape is left out and named', () => {
  const { memo, refusals } = readRunMemo({ graph: { nodes: [{ ref: 'read' }] }, orgId: 'a b', workflowId: 'audit' })
  expect(memo).toEqual({ workflowId: 'audit' })
  expect(refusals.map((refusal) => refusal.field)).toEqual(['graph.nodes.0', 'orgId'])
})

test('no memo declares nothing', () => {
  expect(readRunMemo(undefined)).toEqual({ memo: {}, refusals: [] })
})
