/** The command of a verb for a stack, as it is advised; without a name, every verb is for `local`. */
export function npmRun(
  verb: 'setup' | 'up' | 'down' | 'doctor' | 'provision',
  stack: string,
  ...rest: string[]
): string {
  const args = [...(stack === 'local' ? [] : ['--stack', stack]), ...rest]
  return ['npm run', verb, ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
}
