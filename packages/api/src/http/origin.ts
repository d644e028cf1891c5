// Which requests a browser may send here: nobody signs in, so any page that is open on a machine could read its runs and
// cancel them. Programs send neither Origin nor Sec-Fetch-Site: only the check of the host applies to them.

import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { RunlightError } from '@runlight/contracts/errors'

/** The head of a request. */
export interface Asked {
  method: string
  headers: IncomingHttpHeaders
}

/**
 * The listed origin that asks, which is to be answered as CORS has it; undefined where no other origin asks.
 * @throws RunlightError RL_HOST_REFUSED, RL_ORIGIN_REFUSED
 */
export type OriginCheck = (asked: Asked) => string | undefined

/**
 * Domains that public DNS gives to nobody: that of services in Kubernetes, reserved ones (https://www.rfc-editor.org/rfc/rfc6761,
 * https://www.rfc-editor.org/rfc/rfc6762, https://www.rfc-editor.org/rfc/rfc8375), and those that networks of their own
 * use (https://www.rfc-editor.org/rfc/rfc6762#appendix-G).
 */
const PRIVATE_DOMAINS = [
  ...['localhost', 'local', 'home.arpa', 'test', 'svc'],
  ...['internal', 'intranet', 'private', 'corp', 'home', 'lan'],
]

/** `listed`: origins besides the API's own, as browsers write them. */
export function originCheck(listed: readonly string[]): OriginCheck {
  const origins: ReadonlySet<string> = new Set(listed)
  const names: ReadonlySet<string> = new Set(listed.map((origin) => new URL(origin).hostname))
  return ({ method, headers }) => {
    refuseForeignHost(headers.host, names)
    const { origin } = headers
    if (origin !== undefined && origins.has(origin)) return origin
    if (!isFromElsewhere(method, headers)) return undefined
    const who = origin === undefined ? 'A page of another site' : `A page of ${nameOf(origin)}`
    throw new RunlightError('RL_ORIGIN_REFUSED', `${who} has sent the request.`)
  }
}

/**
 * A page whose name was moved to the API's address (DNS rebinding) is of the API's own origin for the browser: all that
 * tells it from our pages is the name. Addresses and names that nobody can register are let through.
 */
function refuseForeignHost(host: string | undefined, names: ReadonlySet<string>): void {
  // A browser always says one.
  if (!host) return
  const url = hostUrl('http:', host)
  const name = url?.hostname.replace(/\.$/, '')
  if (name !== undefined && (isPrivateName(name) || names.has(name))) return
  const what = url ? `The request is for ${url.hostname}, which may be a name` : 'The request is for a name'
  throw new RunlightError('RL_HOST_REFUSED', `${what} that a page of another site has given to the API.`)
}

function isPrivateName(name: string): boolean {
  if (!name.includes('.') || isIP(name) > 0 || name.startsWith('[')) return true
  return PRIVATE_DOMAINS.some((domain) => name === domain || name.endsWith(`.${domain}`))
}

/**
 * Whether a page of another origin sent it. Browsers say so themselves where the connection is secure or stays on the
 * machine (https://www.w3.org/TR/fetch-metadata/), which holds behind every proxy; elsewhere the origin is compared with
 * the host, without the scheme: a proxy may have ended TLS. Other ports of one machine are other sites to us.
 */
function isFromElsewhere(method: string, headers: IncomingHttpHeaders): boolean {
  const { origin, host = '', 'sec-fetch-site': site, 'sec-fetch-dest': destination } = headers
  if (site === 'same-origin') return false
  if (origin !== undefined) return !isSameHost(origin, host)
  if (site === undefined || site === 'none') return false
  // Whoever follows a link sees the answer himself; a picture or a frame only keeps the API busy.
  return !((method === 'GET' || method === 'HEAD') && destination === 'document')
}

/** A page that has no origin of its own sends `null`: a file, or what is framed without rights. */
function isSameHost(origin: string, host: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return false
  return hostUrl(url.protocol, host)?.host === url.host
}

/** The header Host as an address; undefined where it is none. */
function hostUrl(protocol: string, host: string): URL | undefined {
  const text = `${protocol}//${host}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.href === `${url?.origin}/` && host !== '' ? url : undefined
}

/** An origin as it may be repeated in an answer. */
function nameOf(origin: string): string {
  return URL.canParse(origin) && new URL(origin).host !== '' ? new URL(origin).host : 'no known origin'
}
