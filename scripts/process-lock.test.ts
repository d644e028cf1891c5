import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { expect, test } from 'vitest'
import { acquireLock, withLock } from './process-lock.mjs'

/** Another process that holds the lock until it is killed. */
async function holder(name: string) {
  const module = new URL('process-lock.mjs', import.meta.url).href
  const code = `
    import { acquireLock } from ${JSON.stringify(module)}
    await acquireLock(${JSON.stringify(name)})
    console.log('held')
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

test('who comes second learns who holds the lock, and gets it when that process is killed', async () => {
  const name = `test-killed-${process.pid}`
  const child = await holder(name)
  const waited: (number | undefined)[] = []
  const second = acquireLock(name, { onWait: (pid) => waited.push(pid) })
  await expect.poll(() => waited).toEqual([child.pid])
  child.kill('SIGKILL')
  const lock = await second
  await lock.release()
})

test('one at a time does the work, in one process too', async () => {
  let inside = 0
  let most = 0
  const order: number[] = []
  const jobs = [1, 2, 3, 4].map((job) =>
    withLock(`test-serial-${process.pid}`, async () => {
      most = Math.max(most, (inside += 1))
      await new Promise((resolve) => setImmediate(resolve))
      order.push(job)
      inside -= 1
    }),
  )
  await Promise.all(jobs)
  expect(most).toBe(1)
  expect(order.sort()).toEqual([1, 2, 3, 4])
})

test('a failure releases the lock', async () => {
  const name = `test-failure-${process.pid}`
  await expect(withLock(name, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withLock(name, async () => 'again')).toBe('again')
})

test('waiting can be given up', async () => {
  const name = `test-abort-${process.pid}`
  const lock = await acquireLock(name)
  const controller = new AbortController()
  const second = acquireLock(name, { signal: controller.signal, onWait: () => controller.abort(new Error('enough')) })
  await expect(second).rejects.toThrow('enough')
  await lock.release()
})
