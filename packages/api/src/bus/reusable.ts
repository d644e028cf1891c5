// A connection to the bus that is kept while it works.

import type { Admin, Producer } from 'kafkajs'

export interface Reusable<C> {
  /** Works on the connection; one that fails is let go of, and the next call makes a new one. */
  use: <R>(work: (connected: C) => Promise<R>) => Promise<R>
  close: () => Promise<void>
}

/** A connection that is made when it is first needed, and anew after it has failed. `explain` makes what callers get. */
export function reusable<C extends Admin | Producer>(
  connect: () => Promise<C>,
  explain: (cause: unknown) => Error,
): Reusable<C> {
  let connection: Promise<C> | undefined
  return {
    use: async (work) => {
      connection ??= connect()
      const current = connection
      try {
        return await work(await current)
      } catch (cause) {
        if (connection === current) connection = undefined
        await current.then((broken) => broken.disconnect()).catch(() => undefined)
        throw explain(cause)
      }
    },
    close: async () => {
      await connection?.then((connected) => connected.disconnect()).catch(() => undefined)
    },
  }
}
