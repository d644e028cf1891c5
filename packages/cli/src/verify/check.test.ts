import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Check, CheckLimits, Result } from './check.ts'
import { failed, ok, runChecks } from './check.ts'

const LIMITS: CheckLimits = { apiUrl: 'http://127.0.0.1:1', limitMs: 60_000, interrupted: new AbortController().signal }

function check(name: string, run: Check['run'], after: string[] = []): Check {
  return { name, after, run }
}

async function results(checks: Check[], limits: Partial<CheckLimits> = {}, told: string[] = []): Promise<Result[]> {
  const all: Result[] = []
  const tell = (name: string, text: string) => void told.push(`${name}: ${text}`)
  for await (const result of runChecks(checks, { ...LIMITS, ...limits }, tell)) all.push(result)
  return all
}

test('a check begins when those it names are done, whatever they have found', async () => {
  const order: string[] = []
  const found = await results([
    check('first', async () => {
      await setImmediate()
      order.push('first')
      return failed('nothing', 'do something')
    }),
    check('second', async () => (order.push('second'), ok('all')), ['first']),
    check('aside', async () => (order.push('aside'), ok('all'))),
  ])
  expect(order).toEqual(['aside', 'first', 'second'])
  expect(found.map(({ name, state }) => `${name} ${state}`)).toEqual(['first failed', 'second ok', 'aside ok'])
})

test('a check that does not end is failed by what it said last', async () => {
  const told: string[] = []
  const never = new Promise<never>(() => undefined)
  const run: Check['run'] = ({ say }) => {
    for (const seen of ['loki arriving', 'loki arriving', 'loki missing']) say(seen, 'See its log.')
    return never
  }
  const [found] = await results([check('records', run)], { limitMs: 20 }, told)
  expect(found).toMatchObject({
    state: 'failed',
    seen: 'It was not done after 0.02 s. Last seen: loki missing',
    next: 'See its log.',
  })
  expect(told).toEqual(['records: loki arriving', 'records: loki missing'])
})

test('what a check throws is its finding, and the others go on', async () => {
  const found = await results([
    check('broken', () => Promise.reject(new Error('no answer'))),
    check('api', async ({ api }) => ok(String(await api.components()))),
    check('good', async () => ok('all')),
  ])
  expect(found.map(({ state }) => state)).toEqual(['failed', 'failed', 'ok'])
  expect(found[0]?.seen).toBe('no answer')
  expect(found[1]?.next).toContain('npm run up')
})

test('where the API does not answer, the advice is to start that stack', async () => {
  const asking = [check('api', async ({ api }) => ok(String(await api.components())))]
  const advice = async (stack?: string) => (await results(asking, { stack }))[0]?.next
  expect(await advice('dev')).toBe('Start the stack (`npm run up -- --stack dev`), or name its API by --api.')
  expect(await advice('local')).toContain('(`npm run up`)')
  expect(await advice()).toContain('npm run up -- --stack <name>')
})

test('an interruption ends all of them at once', async () => {
  const interrupted = new AbortController()
  const waiting: Check['run'] = ({ signal }) => sleep(60_000, ok('late'), { signal })
  const running = results([check('one', waiting), check('two', waiting, ['one'])], { interrupted: interrupted.signal })
  interrupted.abort(new Error('Ctrl-C'))
  await expect(running).rejects.toThrow('Ctrl-C')
})
