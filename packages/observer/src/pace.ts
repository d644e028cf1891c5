// How often and how far the observer looks. All times in milliseconds.

export interface Pace {
  /** Between two looks for runs that have just started or closed. */
  tick: number
  /** How far such a look goes back beyond the last one: for what visibility lists late, and for clocks that differ. */
  overlap: number
  /** Between two complete lists of the open runs, which find what a look has missed. */
  sweep: number
  /** How far a sweep goes back for closed runs, beyond the last one. */
  sweepOverlap: number
  /** How far the first sweep goes back for closed runs when there is no checkpoint. */
  resume: number
  /** Between two looks at a run that moves. At one that does not, it grows from this to one of the next two. */
  soonest: number
  /** Of a run whose workers tell on the bus that it moves. */
  latest: number
  /** Of a run whose workers know nothing of Runlight. */
  latestUndeclared: number
  /**
   * From the word of a worker to the look at its run: what comes of it has reached the history by then, and an attempt
   * that failed is still seen waiting. Twice as much lies between two such looks.
   */
  hint: number
  /** From the moment when the server is to act (a time-out, a retry) to the look at its run. */
  grace: number
  /** Between two times that the runs are gone through for those that are due. */
  dispatch: number
  /** Between two checkpoints. */
  checkpoint: number
  /** Runs looked at side by side. */
  concurrency: number
}

export const DEFAULT_PACE: Omit<Pace, 'resume'> = {
  tick: 500,
  overlap: 20_000,
  sweep: 60_000,
  sweepOverlap: 600_000,
  soonest: 1000,
  latest: 60_000,
  latestUndeclared: 20_000,
  hint: 200,
  grace: 300,
  dispatch: 100,
  checkpoint: 15_000,
  concurrency: 16,
}
