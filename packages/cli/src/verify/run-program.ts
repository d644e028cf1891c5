// Another program, run to its end for what it prints.

import { spawn } from 'node:child_process'

export interface Program {
  file: string
  args: readonly string[]
  cwd?: string
  /** Besides those of this process. */
  env?: Readonly<Record<string, string>>
  signal: AbortSignal
}

/**
 * Its standard output.
 * @throws Error with the end of what it said, when it ends with anything but 0 or is aborted
 */
export async function runProgram({ file, args, cwd, env, signal }: Program): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    })
    const said = { out: '', err: '' }
    child.stdout.on('data', (chunk) => (said.out += String(chunk)))
    child.stderr.on('data', (chunk) => (said.err += String(chunk)))
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) return resolve(said.out)
      const words = (said.err || said.out).trim().split('\n').slice(-5).join('\n')
      reject(new Error(words || `${file} ended with ${code}`))
    })
  })
}
