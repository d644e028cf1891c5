// LISTEN on a direct connection: wakes the hub when something was stored, and tells when it cannot.

import { POSITIONS_CHANNEL } from '@runlight/contracts/tables'
import postgres from 'postgres'
import type { DatabaseSettings } from '../store/database.ts'

export interface Listener {
  /** Does it hear what is announced? */
  readonly isListening: boolean
  /** Drops the connection and makes a new one. */
  renew: () => void
  close: () => Promise<void>
}

export interface ListenerSettings extends Pick<DatabaseSettings, 'url' | 'password'> {
  /** Something was announced, or the connection is new and what was announced before was missed. */
  wake: () => void
  /** The connection was lost or made. */
  changed: (listening: boolean) => void
}

const RETRY_MS = 500
const CONNECT_TIMEOUT_SECONDS = 2

/**
 * Keeps one connection that listens. postgres.js has a `listen` of its own, which comes back silently: here it has to be
 * known when nothing can be heard. A connection pooler in between would not pass announcements on.
 */
export function listenForPositions(settings: ListenerSettings): Listener {
  let listening = false
  let closed = false
  let retry: NodeJS.Timeout | undefined

  const set = (now: boolean) => {
    if (listening === now || closed) return
    listening = now
    settings.changed(now)
  }
  const open = () => {
    const sql = postgres(settings.url.href, {
      password: settings.password,
      max: 1,
      connect_timeout: CONNECT_TIMEOUT_SECONDS,
      idle_timeout: 0,
      max_lifetime: null,
      fetch_types: false,
      keep_alive: 10,
      connection: { application_name: 'runlight-api-listen' },
      onnotice: () => undefined,
      onclose: () => {
        if (sql === current) again()
      },
      ...{ onnotify: (channel: string) => void (channel === POSITIONS_CHANNEL && sql === current && settings.wake()) },
    })
    sql.unsafe(`LISTEN ${POSITIONS_CHANNEL}`).then(
      () => {
        if (sql !== current) return
        set(true)
        settings.wake()
      },
      () => {
        if (sql === current) again()
      },
    )
    return sql
  }
  const again = () => {
    set(false)
    const broken = current
    current = undefined
    void broken?.end({ timeout: 0 }).catch(() => undefined)
    if (closed || retry) return
    retry = setTimeout(() => {
      retry = undefined
      if (!closed) current = open()
    }, RETRY_MS)
  }
  let current: ReturnType<typeof open> | undefined = open()
  return {
    get isListening() {
      return listening
    },
    renew: again,
    close: async () => {
      closed = true
      clearTimeout(retry)
      const last = current
      current = undefined
      await last?.end({ timeout: 1 }).catch(() => undefined)
    },
  }
}
