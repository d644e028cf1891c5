/** What a person is told when something can't be done: what failed, why, and what to do next. */
export interface FailureText {
  /** One sentence: what could not be done. */
  what: string
  /** Why: the cause in plain words, or the last lines that the failing program printed. */
  why: string
  /** What the person can do about it. */
  next: string
}

/**
 * A failure that is explained to the person who ran the command, without a stack trace. Everything else that is
 * thrown is a bug of ours and is shown with its stack.
 */
export class Failure extends Error implements FailureText {
  override readonly name = 'Failure'
  readonly what: string
  readonly why: string
  readonly next: string

  constructor(text: FailureText, options?: { cause?: unknown }) {
    super(`${text.what} ${text.why}`, options)
    this.what = text.what
    this.why = text.why
    this.next = text.next
  }
}

/** Several failures of one command, each told in full. */
export class Failures extends Error {
  override readonly name = 'Failures'
  readonly all: readonly Failure[]

  constructor(all: readonly Failure[]) {
    super(all.map((failure) => failure.message).join('\n'))
    this.all = all
  }
}

/** Lays a failure out for a terminal or a log: what, why (indented), next. */
export function explain(failure: FailureText): string {
  const why = failure.why
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
  return `${failure.what}\n  why:\n${why}\n  next: ${failure.next}`
}
