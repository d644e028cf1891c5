// Ctrl-C, and the request to end: what was begun is put in order first.

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

type Interrupt = keyof typeof EXIT_CODES
const INTERRUPTS = Object.keys(EXIT_CODES) as Interrupt[]

/**
 * Calls back at the first interrupt, with the exit code that tells of it; a second one ends the process.
 * @returns takes it back
 */
export function onInterrupt(interrupted: (exitCode: number) => void): () => void {
  const handlers = INTERRUPTS.map((signal) => {
    const handler = () => {
      takeBack()
      interrupted(EXIT_CODES[signal])
    }
    process.once(signal, handler)
    return () => void process.off(signal, handler)
  })
  const takeBack = () => handlers.forEach((remove) => remove())
  return takeBack
}
