import { performance } from 'node:perf_hooks'
import { seconds } from './elapsed.ts'
import type { Output, Progress } from './progress.ts'

/** How often a step that takes long says that it is still at work, in milliseconds. */
const heartbeatMs = 30_000

/**
 * Progress as plain lines: one when a step starts, one when it is done, and one every half a minute in between, so
 * that a log shows that work goes on and where.
 */
export function plainProgress(output: Output, heartbeat = heartbeatMs): Progress {
  const say = (line: string): void => {
    output.write(`${line}\n`)
  }
  return {
    async step(title, work) {
      const started = performance.now()
      let note = ''
      say(`${title}: started`)
      const timer = setInterval(() => {
        say(`${title}: ${note || 'at work'} (${seconds(started)})`)
      }, heartbeat)
      timer.unref()
      try {
        const result = await work({
          note: (text) => {
            note = text
          },
        })
        say(`${title}: done in ${seconds(started)}`)
        return result
      } catch (error) {
        say(`${title}: failed after ${seconds(started)}`)
        throw error
      } finally {
        clearInterval(timer)
      }
    },
    say,
    close: () => undefined,
  }
}
