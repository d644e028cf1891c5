// All error codes: what happened and what to do next. docs/errors.md is checked against this list.

export interface ErrorCode {
  title: string
  next: string
  /** HTTP status, where the code can be an answer of the API. */
  status?: number
}

export const ERROR_CODES = {
  RL_CONFIG_INVALID: {
    title: 'A setting or variable is missing or invalid',
    next: 'Correct what the message names; docs/settings.md has the settings of a stack, docs/environment.md the variables of a service.',
  },
  RL_STREAM_UNREGISTERED: {
    title: 'A custom stream is not registered',
    next: 'Register the name once, in the setting `streams` of the SDK or in RUNLIGHT_STREAMS, or use a registered one.',
  },
  RL_CONTAINER_OUTPUT_INVALID: {
    title: "A container's output is broken: what follows is not in Docker's format",
    next: 'Check what is between the Docker engine and the reader; the lines before this point were forwarded.',
  },
  RL_GENERATION_CHANGED: {
    title: 'A topic was created again, while the store still has positions of the old one',
    next: 'Make sure that the old topic is really gone, then `npm run provision -- --accept-generation` and `npm run up`; elsewhere run provision with `up --accept-generation` and start the bridge again.',
  },
  RL_LOG_END_BELOW_POSITION: {
    title: 'A partition ends below the position that is already stored',
    next: 'The bus has lost records or another bus answers. Check its data, then `npm run provision -- --accept-generation` and `npm run up`; elsewhere run provision with `up --accept-generation` and start the bridge again.',
  },
  RL_POSITION_WENT_BACK: {
    title: 'The trace store has lost records that it had acknowledged',
    next: 'Start the bridge again (on `local`: `npm run up`): it goes on at the position that the store has now, and takes what was lost from the bus again. If this comes back, two servers answer at the address of the store.',
  },
  RL_CONSUMER_STOPPED: {
    title: 'The consumer cannot go on',
    next: 'Read the cause in the message; on Docker and Kubernetes the process is restarted, on `local` by the next `npm run up`.',
  },
  RL_MIGRATION_FAILED: {
    title: 'A migration of the trace store failed and was rolled back',
    next: 'The message quotes the database: correct the cause, and run `npm run up` again.',
  },
  RL_PARAMETER_INVALID: {
    title: 'A parameter is invalid',
    next: 'Correct the parameter that the answer names.',
    status: 400,
  },
  RL_CURSOR_INVALID: {
    title: 'The cursor does not belong to this list',
    next: 'Start again without a cursor.',
    status: 400,
  },
  RL_LOGQL_INVALID: {
    title: 'The LogQL query is not accepted',
    next: 'Correct the query, at the position that the answer gives, if it gives one; docs/logql.md says what is accepted.',
    status: 400,
  },
  RL_ANSWER_TOO_LARGE: {
    title: 'The answer is too large',
    next: 'Ask for less: a smaller limit, a shorter time, a longer step, or fewer labels in by.',
    status: 400,
  },
  RL_ORIGIN_REFUSED: {
    title: 'A page of another site may not use the API',
    next: 'If the page is one of yours, list its origin in RUNLIGHT_ORIGINS (setting `api.origins` of a stack); docs/api.md says who is refused.',
    status: 403,
  },
  RL_HOST_REFUSED: {
    title: 'The API does not answer to this host name',
    next: 'Use an IP address or localhost; or, if the name is one of yours, list its origin in RUNLIGHT_ORIGINS (setting `api.origins` of a stack).',
    status: 403,
  },
  RL_RUN_NOT_FOUND: {
    title: 'No run has this id',
    next: 'Check the id; a run appears as soon as its first event is stored.',
    status: 404,
  },
  RL_RUN_EXISTS: {
    title: 'There is another run with this id',
    next: 'Leave the id out, or choose another one.',
    status: 409,
  },
  RL_RUN_ENDED: {
    title: 'The run has ended already',
    next: 'Its status says how.',
    status: 409,
  },
  RL_ENGINE_UNAVAILABLE: {
    title: 'Temporal cannot be reached',
    next: 'Try again; /components says what is unavailable.',
    status: 503,
  },
  RL_DEAD_LETTER_NOT_FOUND: {
    title: 'No dead letter has this id',
    next: '`runlight dlq list` shows the ids; a letter appears as soon as the Postgres bridge has stored it.',
    status: 404,
  },
  RL_DEAD_LETTER_NOT_REPLAYABLE: {
    title: 'The dead letter cannot be replayed',
    next: 'The message says why; `runlight dlq show` shows what was refused.',
    status: 409,
  },
  RL_DEAD_LETTER_GONE: {
    title: 'The record is no longer on the bus',
    next: 'It was too large to be kept with its dead letter, and has since expired from its topic. Send it again from its source, if it is still there.',
    status: 410,
  },
  RL_BUS_UNAVAILABLE: {
    title: 'The telemetry bus cannot be reached',
    next: 'Try again; /readyz says what is unavailable.',
    status: 503,
  },
  RL_ROUTE_NOT_FOUND: {
    title: 'There is nothing at this address',
    next: 'See /openapi.json for the routes.',
    status: 404,
  },
  RL_METHOD_NOT_ALLOWED: {
    title: 'The address does not support this method',
    next: 'The header Allow lists the methods that it supports.',
    status: 405,
  },
  RL_REQUEST_TIMEOUT: {
    title: 'The request took too long to arrive',
    next: 'Send it again.',
    status: 408,
  },
  RL_BODY_TOO_LARGE: {
    title: 'The body of the request is too large',
    next: 'Send less.',
    status: 413,
  },
  RL_MEDIA_TYPE_UNSUPPORTED: {
    title: 'The body of the request is not JSON',
    next: 'Send JSON with the header `content-type: application/json`.',
    status: 415,
  },
  RL_HEADERS_TOO_LARGE: {
    title: 'The address and the headers of the request are too large',
    next: 'Send a shorter address and fewer or shorter headers.',
    status: 431,
  },
  RL_TOO_MANY_STREAMS: {
    title: 'The server has as many live streams as it can carry',
    next: 'Try again later, or page through /logs.',
    status: 503,
  },
  RL_SHUTTING_DOWN: {
    title: 'The server is being stopped',
    next: 'Connect again, with the last cursor: another server answers, or the same one once it is back.',
    status: 503,
  },
  RL_UPGRADE_REQUIRED: {
    title: 'This address speaks WebSocket only',
    next: 'Connect with a WebSocket client, or use the address without /ws for Server-Sent Events.',
    status: 426,
  },
  RL_STORE_UNAVAILABLE: {
    title: 'The store that holds the answer cannot be reached',
    next: 'Try again; /readyz says which store is unavailable.',
    status: 503,
  },
  RL_INTERNAL: {
    title: 'The server failed',
    next: "Report it with the request id; the server's log has the cause.",
    status: 500,
  },
} as const satisfies Record<string, ErrorCode>
export type ErrorCodeName = keyof typeof ERROR_CODES

/** An error with one of the listed codes; the message says what happened in this case. */
export class RunlightError extends Error {
  readonly code: ErrorCodeName

  constructor(code: ErrorCodeName, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RunlightError'
    this.code = code
  }

  /** What a person can do about it. */
  get next(): string {
    return ERROR_CODES[this.code].next
  }
}
