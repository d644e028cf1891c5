// What `pino({ transport: { target: '@runlight/sdk/pino-transport' } })` loads.

export type { PinoTransportOptions } from './intercept/pino-transport.ts'
// pino demands a default export.
export { openPinoTransport as default } from './intercept/pino-transport.ts'
