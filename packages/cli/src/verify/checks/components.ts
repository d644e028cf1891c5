// Does every component answer? By the API, and each by its own readiness page where the stack's outputs name one.

import type { ComponentState, Health } from '@runlight/contracts/api'
import { ask } from '../ask.ts'
import { failed, ok } from '../check.ts'
import type { Finding, Tools } from '../check.ts'
import { upCommand } from '../environment.ts'
import type { Scene } from '../scene.ts'

export async function checkComponents({ environment }: Scene, { api, signal, say }: Tools): Promise<Finding> {
  const { apiUrl, stack } = environment
  // Each gives why a component is not well, or undefined.
  const faults = new Map<string, string | undefined>()
  const { components } = await api.components()
  const { checks } = JSON.parse((await ask(`${apiUrl}/readyz`, signal)).text) as Health
  for (const [name, { ok: isOk, detail }] of Object.entries(checks)) {
    // What the API can do without is ok, with a detail where it is away.
    faults.set(name, isOk ? detail : (detail ?? 'The API says that it fails'))
  }
  for (const component of components) {
    if (component.health) faults.set(component.name, faults.get(component.name) ?? faultOf(component))
  }
  say(`The API answers at ${apiUrl}; it asks ${[...faults.keys()].join(', ')}.`)
  const pages = Object.entries(stack?.outputs.components ?? {}).filter(([, { health }]) => health.startsWith('http'))
  await Promise.all(
    pages.map(async ([name, { health }]) => {
      faults.set(name, (await faultOfPage(health, signal)) ?? faults.get(name))
    }),
  )
  const unwell = [...faults].flatMap(([name, fault]) => (fault === undefined ? [] : [{ name, fault }]))
  const unasked = Object.keys(stack?.outputs.components ?? {}).filter((name) => !faults.has(name))
  if (unwell.length > 0) {
    return failed(
      `${unwell.map(({ name, fault }) => `${name}: ${fault}`).join('; ')}.`,
      `See \`runlight logs ${unwell.map(({ name }) => name).join(' ')} -n 50\`; ${upCommand(stack?.name)} starts what has died.`,
    )
  }
  const count = `${faults.size} components answer: ${[...faults.keys()].sort().join(', ')}.`
  return ok(unasked.length === 0 ? count : `${count} Not asked: ${unasked.join(', ')}.`)
}

function faultOf({ health }: ComponentState): string | undefined {
  return health?.ok === false ? (health.detail ?? 'The API gets no answer') : undefined
}

async function faultOfPage(address: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { ok: isOk, status, text } = await ask(address, signal)
    return isOk ? undefined : `${address} answered ${status}: ${text.trim().slice(0, 200)}`
  } catch (error) {
    signal.throwIfAborted()
    return `${address} gives ${(error as Error).message}`
  }
}
