// Secrets reach a provider inside an envelope (https://www.pulumi.com/docs/iac/guides/building-extending/ and
// sdk/nodejs/runtime/rpc.ts), and go back in one, so that Pulumi keeps them encrypted.

const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d'
const SECRET_SIGNATURE = '1b47061264138c4ac30d75fd1eb44270'

/** The same value with every secret taken out of its envelope. */
export function openEnvelopes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(openEnvelopes)
  if (value === null || typeof value !== 'object') return value
  const object = value as Record<string, unknown>
  if (object[SIGNATURE_KEY] === SECRET_SIGNATURE) return openEnvelopes(object['value'])
  return Object.fromEntries(Object.entries(object).map(([key, member]) => [key, openEnvelopes(member)]))
}
