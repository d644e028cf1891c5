import { expect, test } from 'vitest'
import { EndedTogether } from './ended-together.ts'

test('a stream is ended with its reader, or with all others, whichever comes first', () => {
  const streams = new EndedTogether()
  const [gone, stopped] = [new Error('The reader is gone'), new Error('The server is being stopped')]
  const [one, other] = [new AbortController(), new AbortController()]
  const [first, second] = [streams.add(one.signal), streams.add(other.signal)]
  one.abort(gone)
  expect([first.signal.reason, second.signal.aborted]).toEqual([gone, false])
  streams.throwIfEnded()
  streams.end(stopped)
  expect([first.signal.reason, second.signal.reason]).toEqual([gone, stopped])
  expect(() => streams.throwIfEnded()).toThrow(stopped)
  // A stream that was being opened meanwhile, and one whose reader had gone by then.
  expect(streams.add(new AbortController().signal).signal.reason).toBe(stopped)
  expect(streams.add(AbortSignal.abort(gone)).signal.reason).toBe(gone)
})

test('what was let go of is not kept, and hears nothing any more', () => {
  const streams = new EndedTogether()
  const reader = new AbortController()
  const { signal, release } = streams.add(reader.signal)
  expect(streams.size).toBe(1)
  release()
  expect(streams.size).toBe(0)
  reader.abort()
  streams.end(new Error('The server is being stopped'))
  expect(signal.aborted).toBe(false)
})
