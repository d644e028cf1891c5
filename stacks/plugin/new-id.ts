import { randomBytes } from 'node:crypto'

/** What stands for NEW_ID: 128 random bits in URL-safe base64, save that it never begins with `-`, like an option. */
export function newId(bytes: Buffer = randomBytes(16)): string {
  return bytes.toString('base64url').replace(/^-/, 'A')
}
