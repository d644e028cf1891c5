// How a run stands, with the real Temporal, bus, Loki and trace store: right at once, never taken back, honest when
// one of them is away. All is brought up once; the tests of each file build on what those before have left.

import { afterAll, beforeAll } from 'vitest'
import { away } from './away.fixture.ts'
import { completeness } from './completeness.fixture.ts'
import { found } from './found.fixture.ts'
import { frozen } from './frozen.fixture.ts'
import { StatusScene } from './scene.fixture.ts'
import { settled } from './settled.fixture.ts'

const scene = new StatusScene()
beforeAll(() => scene.bringUp())
afterAll(() => scene.tearDown())

found(scene)
completeness(scene)
settled(scene)
away(scene)
frozen(scene)
