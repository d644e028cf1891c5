import * as pulumi from '@pulumi/pulumi'

/**
 * An error for the person at the terminal: Pulumi shows its message alone. It has no stack, because Pulumi has
 * util.inspect colour that stack all the same, which takes a minute and 16 GB of garbage on Node 20.20: its
 * markNodeModules does not end on a frame like `node_modules/@pulumi/resource.ts`, as Pulumi's source maps give it.
 */
export function programError(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message)
  error.stack = ''
  return error
}
