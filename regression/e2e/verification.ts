// The acceptance suite for any environment, on this one.

import { describe, expect, it } from 'vitest'
import type { Scene } from './scene.ts'

/** What `runlight verify --json` says, as far as it is read here. */
interface Verification {
  checks: { name: string; state: string; seen: string }[]
}

export function verification(scene: () => Scene): void {
  describe('runlight verify', () => {
    const verify = async (...options: string[]) => {
      const { stack } = scene()
      const command = ['node', 'packages/cli/bin/runlight.mjs', 'verify', '--stack', 'local-e2e', '--json']
      const { code, output } = await stack.run([...command, ...options])
      return { code, ...(JSON.parse(output) as Verification) }
    }
    const found = ({ checks }: Verification, name: string) => checks.find((check) => check.name === name)

    it('finds that the stack does what it promises', async () => {
      const verification = await verify()
      expect(verification, JSON.stringify(verification)).toMatchObject({ code: 0, ok: true, stack: 'local-e2e' })
      const done = verification.checks.filter(({ state }) => state === 'ok').map(({ name }) => name)
      expect(done).toEqual(['components', 'run', 'records', 'fault', 'postgres', 'loki', 'prometheus'])
      expect(found(verification, 'records')?.seen).toContain('the API, Loki itself, the live stream')
    })

    it('names the store that a stopped bridge keeps waiting, within its time', async () => {
      const { stack } = scene()
      const { pid } = stack.outputs.components['bridge-loki'] ?? { pid: 0 }
      process.kill(pid, 'SIGSTOP')
      try {
        const verification = await verify('--timeout', '60')
        expect(verification.code).toBe(1)
        expect(found(verification, 'components')?.seen).toMatch(/^bridge-loki: /)
        expect(found(verification, 'records')).toMatchObject({
          state: 'failed',
          seen: expect.stringMatching(/It was not done after 60 s.* loki has not taken everything .*records behind/),
        })
        expect(found(verification, 'postgres')).toMatchObject({ state: 'ok' })
      } finally {
        process.kill(pid, 'SIGCONT')
      }
    })
  })
}
