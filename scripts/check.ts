// `npm run check`: types, lint with the import rules, format, dead code, generated files up to date.

import { $, chalk } from 'zx'

interface Check {
  name: string
  /** What to do when it fails. */
  next: string
  command: string[]
}

const checks: Check[] = [
  { name: 'types', next: 'Correct the types.', command: ['tsc', '-p', '.'] },
  {
    name: 'lint and import rules',
    next: 'Run `npx eslint . --fix` for what can be mended by itself.',
    command: ['eslint', '.'],
  },
  {
    name: 'format',
    next: 'Run `npx prettier --write .`.',
    command: ['prettier', '--check', '--log-level', 'warn', '.'],
  },
  { name: 'dead code', next: 'Remove what nobody uses, or use it.', command: ['knip'] },
  {
    name: 'generated files',
    next: 'Run `npm run generate` and commit what it writes.',
    command: ['node', '--import', 'tsx', 'scripts/generate.ts', '--check'],
  },
]

$.quiet = true
let failed = 0
for (const check of checks) {
  const started = performance.now()
  const outcome = await $({ nothrow: true })`npx --no-install ${check.command}`
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (outcome.exitCode === 0) {
    console.log(`${chalk.green('ok')}      ${check.name} (${seconds} s)`)
  } else {
    failed++
    console.log(
      `${chalk.red('failed')}  ${check.name} (${seconds} s)\n${outcome.text().trimEnd()}\n        ${check.next}`,
    )
  }
}
process.exitCode = failed === 0 ? 0 : 1
