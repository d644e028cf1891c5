// Every refusal as one shape (https://www.rfc-editor.org/rfc/rfc9457).

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Problem } from '@runlight/contracts/api'
import { ERROR_CODES, RunlightError } from '@runlight/contracts/errors'
import type { ErrorCode } from '@runlight/contracts/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Most bytes of a request's body. */
export const MAX_BODY_BYTES = 64 * 1024

/** A parameter at fault; the message starts with its name. */
export class ParameterError extends RunlightError {
  readonly parameter: string
  /** Where in the parameter's text the fault is, in UTF-16 units from 0. */
  readonly position: number | undefined

  constructor(
    parameter: string,
    message: string,
    code: 'RL_PARAMETER_INVALID' | 'RL_CURSOR_INVALID' | 'RL_LOGQL_INVALID' = 'RL_PARAMETER_INVALID',
    position?: number,
  ) {
    super(code, message)
    this.parameter = parameter
    this.position = position
  }
}

/** The refusal of a request for what went wrong in it. A cause without a code is a mistake of ours and is not shown. */
export function problemOf(cause: unknown, requestId: string): Problem {
  const error = known(cause)
  const code: ErrorCode = ERROR_CODES[error.code]
  const parameter =
    error instanceof ParameterError ? error.parameter : error.code === 'RL_CURSOR_INVALID' ? 'cursor' : undefined
  return {
    type: `/docs/errors#${error.code.toLowerCase()}`,
    title: code.title,
    status: code.status ?? 500,
    code: error.code,
    detail: `${asSentence(error.message)} ${code.next}`,
    instance: `urn:runlight:request:${requestId}`,
    ...(parameter !== undefined && { parameter }),
    ...(error instanceof ParameterError && error.position !== undefined && { position: error.position }),
  }
}

/** What a store or a library has said may end without a full stop. */
function asSentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`
}

function known(cause: unknown): RunlightError {
  if (cause instanceof RunlightError && (ERROR_CODES[cause.code] as ErrorCode).status !== undefined) return cause
  const { statusCode: status, code } = cause as { statusCode?: unknown; code?: unknown }
  // Fastify's own refusals of a request: an address, a body or a header that can't be read.
  if (cause instanceof Error && typeof status === 'number' && status >= 400 && status < 500) {
    if (status === 413) return new RunlightError('RL_BODY_TOO_LARGE', `The body has more than ${MAX_BODY_BYTES} bytes.`)
    if (status === 415) return new RunlightError('RL_MEDIA_TYPE_UNSUPPORTED', 'The body is not declared as JSON.')
    const ofBody = cause instanceof SyntaxError || /_BODY$|CONTENT_LENGTH$/.test(String(code))
    if (ofBody) return new ParameterError('body', `The body cannot be read: ${cause.message.replace(/\.$/, '')}.`)
    return new ParameterError('request', `The request cannot be read: ${cause.message}.`)
  }
  return new RunlightError('RL_INTERNAL', 'The request could not be answered.', { cause })
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, cause: unknown): FastifyReply {
  const problem = problemOf(cause, request.id)
  if (problem.code === 'RL_INTERNAL') {
    request.log.error(
      { cause, requestId: request.id, url: request.url },
      'A request failed by a mistake of the server.',
    )
  }
  if (problem.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

/** How soon an answer is worth asking for again, while something is away. */
const RETRY_AFTER_SECONDS = '1'

/** Answers with the refusal on a connection that has no reply, and lets go of it. */
export function refuseSocket(socket: Duplex, problem: Problem): void {
  // `end` closes our half alone: its client may keep the other one, and the server looks after it no longer.
  socket.once('finish', () => socket.destroy())
  socket.end(problemAnswer(problem))
}

/** The refusal as a whole HTTP answer. */
function problemAnswer(problem: Problem): string {
  const body = JSON.stringify(problem)
  return (
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n` +
    'content-type: application/problem+json; charset=utf-8\r\n' +
    (problem.status === 503 ? `retry-after: ${RETRY_AFTER_SECONDS}\r\n` : '') +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}

/** Refuses what is no HTTP request that can be read (https://nodejs.org/docs/latest-v20.x/api/http.html#event-clienterror). */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const requestId = crypto.randomUUID()
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const late = new RunlightError('RL_REQUEST_TIMEOUT', 'The request did not come in time.')
    return refuseSocket(socket, problemOf(late, requestId))
  }
  const cause =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new RunlightError('RL_HEADERS_TOO_LARGE', 'The address and the headers are too long together.')
      : new ParameterError('request', `The request cannot be read: ${error.message}.`)
  // Its client may be sending yet, and would not read the answer if the socket were destroyed; the server's timer ends it.
  socket.end(problemAnswer(problemOf(cause, requestId)))
}

/** Answers errors and unknown addresses as problems. */
export function installProblems(app: FastifyInstance): void {
  app.setErrorHandler((cause, request, reply) => sendProblem(request, reply, cause))
  app.setNotFoundHandler((request, reply) => {
    const message = `There is nothing at ${request.method} ${request.url.split('?')[0]}.`
    return sendProblem(request, reply, new RunlightError('RL_ROUTE_NOT_FOUND', message))
  })
}
