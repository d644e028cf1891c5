// Questions of many are gathered for a moment, and asked together.

export interface TogetherSettings<V> {
  /** Answers for those of the keys that there are any for. When it throws, none of them has got one. */
  ask: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>
  /** Most keys of one question. */
  most: number
  /** How long they are gathered, and how far questions begin apart, in milliseconds. */
  gatherMs: number
  /** Questions that are under way at a time. */
  sideBySide: number
}

export class Together<V> {
  readonly #settings: TogetherSettings<V>
  #waiting: { key: string; resolve: (answer: V | undefined) => void }[] = []
  #underWay = 0
  #isGathering = false

  constructor(settings: TogetherSettings<V>) {
    this.#settings = settings
  }

  /** The answer for a key; undefined where there is none, or nobody could be asked. */
  ask(key: string): Promise<V | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push({ key, resolve })
      this.#gather()
    })
  }

  #gather(): void {
    const { sideBySide, gatherMs } = this.#settings
    if (this.#isGathering || this.#waiting.length === 0 || this.#underWay >= sideBySide) return
    this.#isGathering = true
    setTimeout(() => {
      this.#isGathering = false
      void this.#answer()
      this.#gather()
    }, gatherMs)
  }

  async #answer(): Promise<void> {
    const some = this.#waiting.splice(0, this.#settings.most)
    this.#underWay++
    const answers = await this.#settings.ask([...new Set(some.map(({ key }) => key))]).catch(() => undefined)
    this.#underWay--
    this.#gather()
    for (const { key, resolve } of some) resolve(answers?.get(key))
  }
}
