export interface LockOptions {
  /** Called when another process holds the lock, with its process id; may be called again for the next holder. */
  onWait?: (holder: number | undefined) => void
  /** Ends the waiting: the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

export interface HeldLock {
  release: () => Promise<void>
}

/** Waits until this process holds the lock called `name`. The kernel releases it if the process dies. */
export function acquireLock(name: string, options?: LockOptions): Promise<HeldLock>

/** Does `work` while holding the lock called `name`. */
export function withLock<T>(name: string, work: () => Promise<T>, options?: LockOptions): Promise<T>
