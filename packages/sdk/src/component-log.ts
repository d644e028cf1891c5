// What a component says: entries of type `system`.

import type { KafkaLogAdapter } from './kafka-log-adapter.ts'
import { LogWriter } from './log-writer.ts'

export interface ComponentLogOptions {
  logs: KafkaLogAdapter
  component: string
  orgId?: string | undefined
}

/** Has an identity of its own and is to be closed. */
export class ComponentLog extends LogWriter {
  readonly component: string
  readonly #stopReports: () => void
  readonly #forget: () => void
  readonly #topic: string

  constructor({ logs, component, orgId }: ComponentLogOptions) {
    super(logs.producer({ type: 'system', component, ...(orgId !== undefined && { orgId }) }))
    this.component = component
    this.#topic = logs.topic
    this.#stopReports = logs.onReportable(() => this.#reportDrops())
    this.#forget = logs.onProcessEnd((timeoutMs) => this.close(timeoutMs))
  }

  /** Nothing more is taken; resolves as flush() does. */
  close(timeoutMs: number): Promise<boolean> {
    if (this.open) this.endLog()
    this.#stopReports()
    this.#forget()
    this.#reportDrops()
    return this.flush(timeoutMs)
  }

  #reportDrops(): void {
    const dropped = this.producer.identity.takeUnreported()
    if (dropped) this.producer.reportDrops({ [this.#topic]: dropped })
  }
}
