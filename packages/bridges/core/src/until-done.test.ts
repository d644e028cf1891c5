import { createLog } from '@runlight/service/log'
import { describe, expect, it } from 'vitest'
import { RunlightError } from '@runlight/contracts/errors'
import { noLongerThan, unlessAborted, untilDone } from './until-done.ts'

const log = createLog({ component: 'test', instance: '0', level: 'error' })
const never = () => new Promise<never>(() => undefined)

describe('untilDone', () => {
  it('repeats what fails, until it succeeds', async () => {
    let failures = 2
    const work = () => (failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve('here'))
    const { signal } = new AbortController()
    expect(await untilDone({ log, signal, what: 'Asking' }, work)).toBe('here')
  })

  it('gives up what no repeat can mend, and whatever is under way when it is aborted', async () => {
    const abort = new AbortController()
    const step = { log, signal: abort.signal, what: 'Asking' }
    const fatal = new RunlightError('RL_CONSUMER_STOPPED', 'over')
    await expect(untilDone(step, () => Promise.reject(fatal))).rejects.toBe(fatal)
    const hanging = untilDone(step, never)
    const failing = untilDone(step, () => Promise.reject(new Error('away')))
    const reason = new Error('The process ends.')
    abort.abort(reason)
    await expect(hanging).rejects.toBe(reason)
    await expect(failing).rejects.toThrow()
    await expect(unlessAborted(abort.signal, never())).rejects.toBe(reason)
  })
})

describe('noLongerThan', () => {
  it('ends with the work, however that ends, and at the latest after its time', async () => {
    await noLongerThan(3_600_000, Promise.reject(new Error('gone')))
    await noLongerThan(1, never())
  })
})
