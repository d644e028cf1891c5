// What the API can know of the components around it.

import { ComponentList } from '@runlight/contracts/api'
import type { ComponentState } from '@runlight/contracts/api'
import type { Degradation } from '@runlight/contracts/execution-status'
import { SINKS } from '@runlight/contracts/topics'
import Type from 'typebox'
import { json } from '../http/json.ts'
import { route } from '../http/route.ts'
import { inTime } from '../status/fresh.ts'
import type { Answer } from '../status/fresh.ts'
import type { PageAnswer } from '../status/pages.ts'
import { degradation } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import { readComponents } from '../store/components.ts'
import type { ComponentsRead } from '../store/components.ts'
import { timeText } from '../store/log-lines.ts'

/** Answers whatever is away: it says who. */
export const componentList = (sources: StatusSources) =>
  route({
    url: '/components',
    operationId: 'listComponents',
    summary: 'Components: health, version and last line of each, and how far the bridges are behind the bus',
    params: Type.Object({}),
    query: Type.Object({}),
    answer: ComponentList,
    refusals: [],
    handle: async () => {
      const [store, loki, lokiVersion, temporal, lag, pages] = await Promise.all([
        bounded('postgres', readStore(sources)),
        sources.lokiHealth(),
        sources.lokiVersion(),
        bounded('temporal', sources.engine.version()),
        bounded('bus', sources.bus.lag()),
        sources.pages(),
      ])
      const states = new Map<string, ComponentState>()
      const add = ({ name, ...state }: ComponentState) => states.set(name, { name, ...states.get(name), ...state })
      const asked = (name: string, answer: Answer<unknown>, version?: string) =>
        add({
          name,
          health: answer.ok ? { ok: true } : { ok: false, detail: answer.reason },
          ...(version && { version }),
        })
      add({ name: 'api', health: { ok: true }, version: sources.version })
      asked('postgres', store, store.ok ? store.value.version : undefined)
      asked('loki', loki, loki.ok && lokiVersion.ok ? lokiVersion.value : undefined)
      asked('temporal', temporal, temporal.ok ? temporal.value : undefined)
      asked('bus', lag)
      for (const sink of SINKS) if (lag.ok) add({ name: `bridge-${sink}`, lag: [...lag.value[sink]] })
      for (const { name, answer } of pages) {
        const failing = answer.ok ? answer.value.failing : answer.reason
        add({
          name,
          health: failing === undefined ? { ok: true } : { ok: false, detail: failing },
          ...(answer.ok && { version: answer.value.version }),
        })
      }
      for (const { name, lastNs, lines } of store.ok ? store.value.components : []) {
        add({ name, lastLineAt: timeText(lastNs), lines })
      }
      const degraded = [
        ...degradation('postgres', store),
        ...degradation('loki', loki),
        ...degradation('temporal', temporal),
        ...degradation('bus', lag),
        ...pages.flatMap(({ name, answer }) => pageDegradation(name, answer)),
      ]
      return json({
        components: [...states.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
        ...(degraded.length > 0 && { degraded }),
      })
    },
  })

/** Longest time that one question may hold the answer up, in milliseconds. */
const ANSWER_MS = 3_000

/** What does not answer in time is away; its late answer serves the next one who asks. */
function bounded<T>(component: string, answer: Promise<Answer<T>>): Promise<Answer<T>> {
  return inTime(answer, ANSWER_MS, `${component} gave no answer within ${ANSWER_MS} ms`)
}

function pageDegradation(component: string, answer: Answer<PageAnswer>): Degradation[] {
  const reason = answer.ok ? answer.value.failing : answer.reason
  return reason === undefined ? [] : [{ component, reason }]
}

async function readStore({ database }: StatusSources): Promise<Answer<ComponentsRead>> {
  return database.read(readComponents).then(
    (value) => ({ ok: true, value }),
    (cause: unknown) => ({ ok: false, reason: (cause as Error).message }),
  )
}
