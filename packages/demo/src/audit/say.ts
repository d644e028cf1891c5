/** Takes one line of what an audit has to say; levels as in the contracts. */
export type Say = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  metadata?: Record<string, unknown>,
) => void
