// Offers of other protocols than WebSocket are turned down as HTTP has it: the request is answered as if there were none
// (https://www.rfc-editor.org/rfc/rfc9110#name-upgrade). `curl --http2` in clear text makes such an offer, of h2c.

import { IncomingMessage } from 'node:http'

/** What the parser found in the head; a field of the class would not be there yet when the base class sets it. */
const found = new WeakMap<IncomingMessage, unknown>()

/**
 * Requests whose offer is another one are no upgrades for a server that is made with this class: Node would give all of
 * them to the listener of `upgrade`, without their bodies. Node 24.9 has `shouldUpgradeCallback` for it.
 */
export class WebSocketUpgrades extends IncomingMessage {
  get upgrade(): unknown {
    return found.get(this) === true ? isWebSocket(this) : found.get(this)
  }

  set upgrade(value: unknown) {
    found.set(this, value)
  }
}

function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'CONNECT' || headers.upgrade?.toLowerCase() === 'websocket'
}
