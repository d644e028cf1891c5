// @ts-check
// Who may import whom (docs/architecture.md draws it). A folder may import itself, the standard library, third-party
// packages and what is listed here; everything else of the kit is an error.

/** @type {Record<string, { dir: string, may: string[], entryPoints?: boolean }>} */
const folders = {
  contracts: { dir: 'packages/contracts', may: [] },
  service: { dir: 'packages/service', may: ['contracts'] },
  sdk: { dir: 'packages/sdk', may: ['contracts'] },
  'bridge-core': { dir: 'packages/bridges/core', may: ['contracts', 'service'] },
  'bridge-loki': { dir: 'packages/bridges/loki', may: ['contracts', 'service', 'bridge-core'] },
  'bridge-postgres': { dir: 'packages/bridges/postgres', may: ['contracts', 'service', 'bridge-core'] },
  observer: { dir: 'packages/observer', may: ['contracts', 'service', 'sdk'] },
  collector: { dir: 'packages/collector', may: ['contracts', 'service', 'sdk'] },
  provision: { dir: 'packages/provision', may: ['contracts', 'service', 'bridge-core', 'bridge-postgres'] },
  timeline: { dir: 'packages/timeline', may: ['contracts'] },
  demo: { dir: 'packages/demo', may: ['contracts', 'service', 'sdk'] },
  api: { dir: 'packages/api', may: ['contracts', 'service', 'timeline'] },
  cli: { dir: 'packages/cli', may: ['contracts', 'sdk', 'timeline'] },
  dashboards: { dir: 'dashboards', may: ['contracts'] },
  stacks: { dir: 'stacks', may: ['contracts', 'dashboards'] },
  // The suites watch from outside; only what reads the stores back uses what the sinks know of them.
  regression: { dir: 'regression', may: ['contracts', 'service', 'sdk', 'timeline', 'bridge-core', 'bridge-postgres'] },
  // The verbs may use any entry point, but no part of a service.
  scripts: { dir: 'scripts', may: ['contracts', 'sdk', 'api', 'cli', 'demo'], entryPoints: true },
}

const packages = Object.keys(folders).filter((name) => folders[name]?.dir.startsWith('packages/'))

/** Folders that only end points may hold: nobody imports them. */
const entryPoints = '(?:scripts|stacks|regression)'

export const importRules = Object.entries(folders).map(([name, { dir, may, entryPoints: mayImportThem = false }]) => {
  const forbidden = packages.filter((other) => other !== name && !may.includes(other))
  const patterns = [
    ...(mayImportThem
      ? []
      : [{ regex: `^(?:\\.\\./)+${entryPoints}/`, message: 'Nobody imports scripts/, stacks/ or regression/.' }]),
    {
      regex: '^(?:\\.\\./)+packages/|^(?:\\.\\./){2,}(?:[a-z-]+/)?src/',
      message: 'Import another package by its name, @runlight/….',
    },
  ]
  if (forbidden.length > 0) {
    patterns.push({
      regex: `^@runlight/(?:${forbidden.join('|')})(?:/|$)`,
      message: `${dir} may import ${may.length > 0 ? may.join(', ') : 'nothing of the kit'}.`,
    })
  }
  return {
    files: [`${dir}/**/*.ts`],
    // Tests may use the real components' fixtures and the sinks' real migrations; that of Loki starts it as the stack does.
    ignores: [`${dir}/**/*.test.ts`, `${dir}/**/*.fixture.ts`, 'regression/fixtures/loki.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  }
})
