// What a scenario did and when: told with its failure, so that it can be understood and repeated.

export class Journal {
  readonly #title: string
  readonly #lines: string[] = []
  readonly #started = performance.now()

  constructor(title: string) {
    this.#title = title
  }

  write(line: string): void {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1)
    this.#lines.push(`${seconds.padStart(6)} s  ${line}`)
  }

  /** Does the work; when it fails, the journal is the end of the message. */
  async on<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work()
    } catch (cause) {
      this.write('failed')
      if (cause instanceof Error) cause.message += `\n\nRepeat with ${this.#title}\n${this.#lines.join('\n')}`
      throw cause
    }
  }

  print(): void {
    console.log([this.#title, ...this.#lines].join('\n'))
  }
}
