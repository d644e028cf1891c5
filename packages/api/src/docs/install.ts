// The pages at `/docs`.

import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ApiDocument } from './operations.ts'
import { CONTENT_SECURITY_POLICY, errorsPage, routesPage } from './page.ts'

/** Serves the documentation of the routes, and of the error codes, which every refusal points at. */
export function installDocs(app: FastifyInstance, document: Record<string, unknown>): void {
  const send = (reply: FastifyReply, page: string) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .send(page)
  const errors = errorsPage()
  app.get('/docs', (request, reply) => {
    const { host, protocol } = request
    // The examples name the address that the reader has come by; anything that is none is not repeated.
    const origin = /^[\w.:[\]-]{1,253}$/.test(host) ? `${protocol}://${host}` : 'http://127.0.0.1:17800'
    return send(reply, routesPage(document as unknown as ApiDocument, origin))
  })
  app.get('/docs/errors', (_, reply) => send(reply, errors))
}
