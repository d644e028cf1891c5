// The execution context of the code that runs now.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { ExecutionContext } from './execution-context.ts'

const storage = new AsyncLocalStorage<ExecutionContext>()

/** Runs a function so that it, and all that it awaits, finds the context by currentContext(). */
export function runInContext<T>(context: ExecutionContext, run: () => T): T {
  return storage.run(context, run)
}

/** The context of this attempt; undefined outside of one. */
export function currentContext(): ExecutionContext | undefined {
  return storage.getStore()
}
