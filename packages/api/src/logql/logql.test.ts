import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LogqlError, MAX_DEPTH, MAX_QUERY_LENGTH } from './limits.ts'
import { parseLogql } from './parse.ts'
import { printLogql } from './print.ts'
import type { Binding } from './print.ts'
import { logqlQuery, soup, writeLogql } from './queries.fixture.ts'

const RUN = 'run-a'
const OPEN = { org: 'acme', runId: RUN, nodeRef: undefined, attempt: undefined }
const PER_RUN: Binding = { labels: 'perRun', ...OPEN }
const BOUNDED: Binding = { labels: 'bounded', ...OPEN }

const rebuilt = (text: string, binding = PER_RUN) => printLogql(parseLogql(text, RUN), binding)

function refusalOf(text: string): LogqlError {
  try {
    parseLogql(text, RUN)
  } catch (error) {
    if (error instanceof LogqlError) return error
    throw error
  }
  throw new Error(`${text} was taken`)
}

describe('what is taken is bound to the run', () => {
  const DROP = '| drop position,seq,own_time,generation'

  test.each([
    ['{}', '{run_id="run-a"}', '{org="acme"} | run_id="run-a"'],
    [
      '{run_id="run-a", node=~"b.*", stream!=`stdout`}',
      '{run_id="run-a",node=~"b.*",stream!="stdout"}',
      '{org="acme",stream!="stdout"} | run_id="run-a" | node=~"b.*"',
    ],
    [
      '{} |= "a" or `"b"` !~ "(?i)c" | json | level="error" and (attempt > 1 or message=~"x|y")',
      '{run_id="run-a"} |= "a" or "\\"b\\"" !~ "(?i)c" | json | level="error" and (attempt > 1 or message=~"x|y")',
      '{org="acme"} | run_id="run-a" |= "a" or "\\"b\\"" !~ "(?i)c" | json | level="error" and (attempt > 1 or message=~"x|y")',
    ],
    [
      'sum by (node) (rate({} != "\\u00e4\\U0001F4A1" [1h30m]))',
      `sum by (node) (rate({run_id="run-a"} != "\\u00e4\\U0001f4a1" ${DROP} [5400000ms]))`,
      `sum by (node) (rate({org="acme"} | run_id="run-a" != "\\u00e4\\U0001f4a1" ${DROP} [5400000ms]))`,
    ],
    [
      'max(sum(count_over_time({}[24h])) without (stream, level))',
      `max(sum without (stream,level) (count_over_time({run_id="run-a"} ${DROP} [86400000ms])))`,
      `max(sum without (stream,level) (count_over_time({org="acme"} | run_id="run-a" ${DROP} [86400000ms])))`,
    ],
  ])('%s', (text, perRun, bounded) => {
    expect(rebuilt(text)).toBe(perRun)
    expect(rebuilt(text, BOUNDED)).toBe(bounded)
  })

  test('and to a node and an attempt of it, before any parser could give them other values', () => {
    const narrowed = { nodeRef: 'a "node"', attempt: 2 }
    expect(rebuilt('{} | json', { ...PER_RUN, ...narrowed })).toBe(
      '{run_id="run-a",node="a \\"node\\""} | attempt="2" | json',
    )
    expect(rebuilt('{} | json', { ...BOUNDED, ...narrowed })).toBe(
      '{org="acme"} | run_id="run-a" | node="a \\"node\\"" | attempt="2" | json',
    )
  })

  test('names that would end their quotes stay inside of them', () => {
    const runId = 'x"} or {run_id=~".+"} # \\ ` \n ü'
    const text = printLogql(parseLogql('{}', runId), { ...PER_RUN, runId })
    expect(text).toBe('{run_id="x\\"} or {run_id=~\\".+\\"} # \\\\ ` \\u000a \\u00fc"}')
  })
})

test.each([
  // Other runs, and ways around the selector.
  ['{run_id="run-b"}', 8],
  ['{run_id=~".+"}', 9],
  ['{run_id!="run-a"}', 9],
  ['{org="other"}', 1],
  ['{component="api"}', 1],
  ['{level="error"}', 1],
  ['{stream="a"} or {run_id="run-b"}', 13],
  ['{} | json or {}', 10],
  ['{} # a comment', 3],
  ['{} /* a comment */', 3],
  ['sum(rate({}[5m])) or vector(1)', 18],
  ['sum(rate({}[5m])) / sum(rate({}[5m]))', 18],
  ['label_replace(rate({}[5m]),"a","b","c","d")', 0],
  ['vector(1)', 0],
  ['rate({}[5m] offset 1h)', 12],
  ['rate({}[5m]', 11],
  ['variants(rate({}[5m])) of ({}[5m])', 0],
  ['topk(2, rate({}[5m]))', 0],
  // Stages that are not among them.
  ['{} | line_format "{{.message}}"', 5],
  ['{} | label_format run_id=node', 5],
  ['{} | regexp "(?P<run_id>.*)"', 5],
  ['{} | unwrap x', 5],
  ['{} |> "<_>"', 4],
  ['{} | addr = ip("10.0.0.0/8")', 12],
  ['{} |= ip("10.0.0.0/8")', 6],
  ['{} | json a="b"', 10],
  ['{} | drop level', 5],
  // Words that Loki takes for others.
  ['{} | OR="a"', 5],
  ['{} | level="a" OR level="b"', 15],
  ['sum by (Unwrap) (rate({}[5m]))', 8],
  // Texts.
  ["{node='a'}", 6],
  ['{node="a}', 6],
  ['{node=`a}', 6],
  ['{node="a\nb"}', 6],
  ['{node="\\x80"}', 7],
  ['{node="\\377"}', 7],
  ['{node="\\ud800"}', 7],
  ['{node="\\U00110000"}', 7],
  ['{node="\\u000"}', 7],
  ['{node="\\0"}', 7],
  ['{node="\\000"}', 7],
  ['{node="\\q"}', 7],
  ['{node="\0"}', 7],
  // Expressions and quantities.
  ['{node=~"("}', 7],
  ['{} |~ "(?=a)"', 6],
  ['{} |~ "(a{1,99}){1,9}b{500}"', 6],
  [`{} |~ "${'a'.repeat(257)}"`, 6],
  ['{} | attempt > 0x10', 15],
  ['{} | attempt > 1e9', 15],
  ['{} | attempt > 08', 15],
  ['{} | attempt > -1', 15],
  ['rate({}[500ms])', 8],
  ['rate({}[25h])', 8],
  ['rate({}[5])', 8],
  ['rate({}[5x])', 8],
  ['', 0],
  ['\u00a0{}', 0],
  ['{}{}', 2],
  ['{,}', 1],
])('%j is refused at position %i', (text, position) => {
  const refusal = refusalOf(text)
  expect(refusal).toMatchObject({ code: 'RL_LOGQL_INVALID', parameter: 'query', position })
  expect(refusal.message).toContain('Allowed are')
})

test.each([
  ['matchers', `{${'node="a",'.repeat(17)}}`, 145],
  ['stages', `{} ${'|= "a" '.repeat(25)}`, 174],
  ['texts in a line filter', `{} |= "a" ${'or "a" '.repeat(17)}`, 118],
  ['comparisons', `{} | a="b" ${'or a="b" '.repeat(17)}`, 149],
  ['labels', `sum by (${'a,'.repeat(17)}a) (rate({}[5m]))`, 40],
  ['letters in a name', `{} | ${'a'.repeat(129)}="b"`, 5],
  ['letters in a text', `{} |= "${'a'.repeat(1_025)}"`, 6],
  ['letters', `{} |= "${'a'.repeat(5_000)}"`, MAX_QUERY_LENGTH],
  ['brackets', `{} | ${'('.repeat(2_000)}a="b"${')'.repeat(2_000)}`, 5 + MAX_DEPTH + 1],
  ['aggregations', `${'sum('.repeat(800)}rate({}[5m])${')'.repeat(800)}`, 4 * (MAX_DEPTH + 1)],
])('too many %s are refused', (_, text, position) => {
  expect(refusalOf(text)).toMatchObject({ code: 'RL_LOGQL_INVALID', position })
})

test('every query of the subset is read as what was written', () => {
  fc.assert(
    fc.property(logqlQuery, (query) => {
      expect(parseLogql(writeLogql(query), RUN)).toEqual(query)
    }),
    { numRuns: 2_000 },
  )
})

test('any text is a query or a refusal with a position in it', () => {
  fc.assert(
    fc.property(fc.oneof(soup, fc.string({ maxLength: 60, unit: 'binary' })), (text) => {
      try {
        const query = rebuilt(text)
        expect(query).toContain('{run_id="run-a"')
        expect(query).toMatch(/^[\x20-\x7e]*$/)
      } catch (error) {
        if (!(error instanceof LogqlError)) throw error
        expect(error.position).toBeGreaterThanOrEqual(0)
        expect(error.position).toBeLessThanOrEqual(text.length)
      }
    }),
    { numRuns: 5_000 },
  )
})
