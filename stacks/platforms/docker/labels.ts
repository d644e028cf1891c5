/** Labels of what a stack has on an engine, by which it is found again. */
export const LABELS = {
  stack: 'runlight.stack',
  component: 'runlight.component',
  /** Since when it is there without anything of it having changed. */
  life: 'runlight.life',
} as const

/** Everything of a stack has a name that begins so. */
export const prefixOf = (stack: string): string => `runlight-${stack}`
