// What pino's worker thread loads in a clone: the TypeScript sources.
import { register } from 'tsx/esm/api'

register()
const { default: openPinoTransport } = await import('../src/pino-transport.ts')
// pino demands a default export.
// eslint-disable-next-line no-restricted-exports
export default openPinoTransport
