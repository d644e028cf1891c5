// The one activity of the test workflows: behaves as its argument says.

import { Context, ApplicationFailure } from '@temporalio/activity'

export interface Behaviour {
  /** Attempts up to this one fail. */
  failUntil?: number
  nonRetryable?: boolean
  /** Runs until it is cancelled or its worker dies. */
  hang?: boolean
}

export async function behave({ failUntil = 0, nonRetryable = false, hang = false }: Behaviour): Promise<string> {
  const { info, cancelled } = Context.current()
  if (hang) {
    const beat = setInterval(() => Context.current().heartbeat(), 200)
    try {
      await cancelled
    } finally {
      clearInterval(beat)
    }
  }
  if (info.attempt <= failUntil) {
    throw ApplicationFailure.create({ message: `Attempt ${info.attempt} fails`, type: 'Planned', nonRetryable })
  }
  return `attempt ${info.attempt}`
}
