import { defineConfig } from 'vitest/config'

/** What is waited for comes late on a busy machine: a test fails when it does not come, not when it is slow. */
const expect = { poll: { timeout: 20_000 } }

// Five suites, run one after the other by `npm test`:
//   unit      beside the code, no component needed
//   stack     beside the code, each file with real components of its own (fixtures in regression/fixtures)
//   delivery  the bridges as processes between real servers, while all of them are killed; checked record by record
//   e2e       the whole stack, brought up through Pulumi
//   images    the images of our services, built and run by a real container engine; skipped without one
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,stacks,scripts,regression,dashboards,configs}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.{stack,e2e,delivery,images}.test.ts'],
          expect,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'stack',
          include: ['{packages,stacks,scripts,regression}/**/*.stack.test.ts'],
          exclude: ['**/node_modules/**'],
          expect,
          // Above what the waits within one test may take together.
          testTimeout: 600_000,
          hookTimeout: 300_000,
          // Two cores: a file brings up real servers.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'delivery',
          include: ['regression/delivery/*.delivery.test.ts'],
          exclude: ['**/node_modules/**'],
          expect,
          testTimeout: 1_200_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['regression/**/*.e2e.test.ts'],
          exclude: ['**/node_modules/**'],
          expect,
          testTimeout: 600_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'images',
          include: ['regression/images/*.images.test.ts'],
          exclude: ['**/node_modules/**'],
          expect,
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
