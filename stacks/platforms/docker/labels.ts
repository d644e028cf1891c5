/** Labels of what a stack has on an engine, by which it is found again. */
export const LABELS = {
  stack: 'runlight.stack',
  component: 'runlight.component',
  /** When a task was last asked to run. */
  run: 'runlight.run',
} as const

/** Everything of a stack has a name that begins so. */
export const prefixOf = (stack: string): string => `runlight-${stack}`
