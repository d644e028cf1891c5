// The whole: a stack of its own, real runs through it, parts killed, nothing lost, nothing doubled, nothing left over. It
// is brought up once; the tests of each file build on what those before have left.

import { existsSync } from 'node:fs'
import { createApiClient } from '@runlight/sdk/client/api-client'
import { afterAll, beforeAll } from 'vitest'
import { ends } from './ends.ts'
import { gitStatus } from './machine.ts'
import { runsThrough } from './runs-through.ts'
import type { Scene } from './scene.ts'
import { startStack } from './stack-under-test.ts'
import { steady } from './steady.ts'
import { verification } from './verification.ts'
import { whatElseFlows } from './what-else-flows.ts'

let scene: Scene

beforeAll(async () => {
  const cloneBefore = gitStatus()
  const stack = await startStack()
  scene = { stack, api: createApiClient({ baseUrl: stack.outputs.addresses.api }), cloneBefore }
})
afterAll(async () => {
  // Undefined when it could not be brought up; then it was taken down already.
  const stack = (scene as Scene | undefined)?.stack
  if (stack && existsSync(stack.home)) await stack.down()
})

const now = () => scene
steady(now)
runsThrough(now)
verification(now)
whatElseFlows(now)
ends(now)
