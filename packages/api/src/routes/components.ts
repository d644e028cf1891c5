// What the API can know of the components around it.

import { ComponentList } from '@runlight/contracts/api'
import type { ComponentState } from '@runlight/contracts/api'
import { SINKS } from '@runlight/contracts/topics'
import Type from 'typebox'
import { json } from '../http/json.ts'
import { route } from '../http/route.ts'
import type { Answer } from '../status/fresh.ts'
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
    summary: 'Components: the last line of each, health and version of the stores, and how far the bridges are behind',
    params: Type.Object({}),
    query: Type.Object({}),
    answer: ComponentList,
    refusals: [],
    handle: async () => {
      const [store, loki, lokiVersion, temporal, lag] = await Promise.all([
        readStore(sources),
        sources.lokiHealth(),
        sources.lokiVersion(),
        sources.engine.version(),
        sources.bus.lag(),
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
      for (const { name, lastNs, lines } of store.ok ? store.value.components : []) {
        add({ name, lastLineAt: timeText(lastNs), lines })
      }
      const degraded = [
        ...degradation('postgres', store),
        ...degradation('loki', loki),
        ...degradation('temporal', temporal),
        ...degradation('bus', lag),
      ]
      return json({
        components: [...states.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
        ...(degraded.length > 0 && { degraded }),
      })
    },
  })

async function readStore({ database }: StatusSources): Promise<Answer<ComponentsRead>> {
  return database.read(readComponents).then(
    (value) => ({ ok: true, value }),
    (cause: unknown) => ({ ok: false, reason: (cause as Error).message }),
  )
}
