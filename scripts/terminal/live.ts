import { performance } from 'node:perf_hooks'
import { styleText } from 'node:util'
import { createLogUpdate } from 'log-update'
import { seconds } from './elapsed.ts'
import type { Progress } from './progress.ts'

interface Line {
  title: string
  note: string
  started: number
  /** Set when the step has ended: how long it took, and how it ended. */
  ended?: { after: string; well: boolean }
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const repaintMs = 120

/** Progress as a list that is painted over itself: one line a step, with what it does now and for how long. */
export function liveProgress(output: NodeJS.WriteStream): Progress {
  const paint = createLogUpdate(output)
  let lines: Line[] = []
  let frame = 0
  let timer: NodeJS.Timeout | undefined

  const render = (line: Line): string => {
    if (!line.ended) {
      const note = line.note ? styleText('dim', ` · ${line.note}`) : ''
      return `${styleText('cyan', frames[frame % frames.length] ?? '')} ${line.title} ${seconds(line.started)}${note}`
    }
    const mark = line.ended.well ? styleText('green', '✔') : styleText('red', '✖')
    return `${mark} ${line.title} ${styleText('dim', line.ended.after)}`
  }
  const repaint = (): void => {
    frame += 1
    // A list that is higher than the terminal can't be painted over: ended steps make room first.
    const room = Math.max(3, (output.rows ?? 24) - 2)
    while (lines.length > room) {
      const index = lines.findIndex((line) => line.ended)
      if (index < 0) break
      paint.persist(render(lines[index] as Line))
      lines.splice(index, 1)
    }
    paint(lines.map(render).join('\n'))
  }
  const start = (): void => {
    timer ??= setInterval(repaint, repaintMs)
    repaint()
  }
  const finish = (): void => {
    clearInterval(timer)
    timer = undefined
    if (lines.length === 0) return
    repaint()
    paint.done()
    lines = []
  }

  return {
    async step(title, work) {
      const line: Line = { title, note: '', started: performance.now() }
      lines.push(line)
      start()
      try {
        const result = await work({
          note: (text) => {
            line.note = text
          },
        })
        line.ended = { after: seconds(line.started), well: true }
        return result
      } catch (error) {
        line.ended = { after: `failed after ${seconds(line.started)}`, well: false }
        throw error
      } finally {
        if (lines.every((each) => each.ended)) finish()
      }
    },
    say(text) {
      if (lines.length > 0) paint.persist(text)
      else output.write(`${text}\n`)
    },
    close: finish,
  }
}
