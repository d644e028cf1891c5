// What Pulumi tells of an update while it runs: one JSON object a line
// (https://www.pulumi.com/docs/iac/automation-api/, `apitype.EngineEvent`). Only what is shown is declared here.

interface Metadata {
  /** What is done: `create`, `update`, `delete`, `same`, `refresh` and some more. */
  op: string
  /** `urn:pulumi:<stack>::<project>::<type>::<name>` */
  urn: string
  type: string
}

interface EngineEvent {
  resourcePreEvent?: { metadata: Metadata }
  resOutputsEvent?: { metadata: Metadata }
  resOpFailedEvent?: { metadata: Metadata }
  diagnosticEvent?: { urn?: string; message: string; severity: string }
}

/** What becomes of one resource. */
export type Happening =
  | { kind: 'begun' | 'done' | 'failed'; resource: string; title: string }
  /** `of` is the resource's name, where it is one's. */
  | { kind: 'error'; message: string; of: string }
  /** What our own program says of a component that it leaves as it is. */
  | { kind: 'warning'; message: string }

const VERBS: Readonly<Record<string, string>> = {
  create: 'start',
  update: 'restart',
  delete: 'stop',
  'create-replacement': 'start',
  'delete-replaced': 'stop',
}

/** Images take their time. */
const IMAGE = /^docker:index\/(?:remoteImage|image):/
/** What holds the rest together; nobody waits for it. */
const IN_BACKGROUND = /^(?:pulumi:|docker:index\/(?:network|volume):|runlight:docker:Component$)/

/** What a component is, on any platform. */
const OURS = /::runlight:[^:]+:[^:]+::[^:]+$/

/** What Pulumi says when it has told all else. */
const LAST_WORDS = /^(update|refresh|destroy|preview) failed$/

/** Reads one line of the stream; undefined for what a person need not see. */
export function readEvent(line: string): Happening | undefined {
  const event = parse(line)
  if (!event) return undefined
  const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event
  if (diagnosticEvent?.severity === 'error') {
    const message = diagnosticEvent.message.trim()
    return LAST_WORDS.test(message) ? undefined : { kind: 'error', message, of: nameOf(diagnosticEvent.urn ?? '') }
  }
  // Pulumi's own are of the machine and its plugins.
  if (diagnosticEvent?.severity === 'warning' && OURS.test(diagnosticEvent.urn ?? '')) {
    return { kind: 'warning', message: diagnosticEvent.message.trim() }
  }
  if (resourcePreEvent) return happening('begun', resourcePreEvent.metadata)
  if (resOutputsEvent) return happening('done', resOutputsEvent.metadata)
  if (resOpFailedEvent) return happening('failed', resOpFailedEvent.metadata)
  return undefined
}

function happening(kind: 'begun' | 'done' | 'failed', { op, urn, type }: Metadata): Happening | undefined {
  const verb = VERBS[op]
  const name = nameOf(urn)
  if (verb && IMAGE.test(type)) {
    return verb === 'stop'
      ? undefined
      : { kind, resource: `${op} ${urn}`, title: `get ${name.replace('-image', "'s image")}` }
  }
  if (!verb || IN_BACKGROUND.test(type) || name.endsWith('-files')) return undefined
  const isJob = type.endsWith(':Job')
  if (isJob && verb === 'stop') return undefined
  return { kind, resource: `${op} ${urn}`, title: isJob ? `run ${name}` : `${verb} ${name}` }
}

const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf('::') + 2)

function parse(line: string): EngineEvent | undefined {
  try {
    return JSON.parse(line) as EngineEvent
  } catch {
    return undefined // words of Pulumi that are no event
  }
}
