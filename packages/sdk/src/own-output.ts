// What is said while the SDK itself speaks or sends must not become a record again: that would never end.

import { AsyncLocalStorage } from 'node:async_hooks'

const storage = new AsyncLocalStorage<true>()

/** Runs a function so that interceptors pass over whatever it, or what it starts, logs. */
export function asOwnOutput<T>(run: () => T): T {
  return storage.run(true, run)
}

export function isOwnOutput(): boolean {
  return storage.getStore() === true
}
