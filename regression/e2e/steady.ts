// A stack that is up, and what changes nothing of it.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { gitStatus, processes } from './machine.ts'
import { NODES } from './runs.ts'
import { pids, type Scene } from './scene.ts'

export function steady(scene: () => Scene): void {
  describe('a stack that is up', () => {
    it('is left unchanged by a second pulumi up, and preview expects nothing', async () => {
      const { stack } = scene()
      const before = pids(stack)
      const { output } = await stack.up()
      expect(output).toMatch(/Resources:\s+\d+ unchanged\n/)
      const preview = await stack.pulumi('preview', '--expect-no-changes')
      expect(preview.code, preview.output).toBe(0)
      await stack.refreshOutputs()
      expect(pids(stack)).toEqual(before)
    })

    it('shows no credential in its outputs, its processes or its logs', async () => {
      const { stack } = scene()
      const secrets = await Promise.all(
        ['Owner', 'Writer', 'Reader', 'Grafana'].map(async (role) => {
          const { output } = await stack.pulumi('config', 'get', `runlight:postgres${role}Password`)
          return output.trim()
        }),
      )
      const { output } = await stack.pulumi('stack', 'output', '--json')
      const seen = [output, ...processes().map(({ command, environment }) => command + environment)]
      for (const { log } of Object.values(stack.outputs.components)) seen.push(readFileSync(log, 'utf8'))
      for (const secret of secrets) {
        expect(secret.length).toBeGreaterThan(20)
        expect(seen.filter((text) => text.includes(secret))).toEqual([])
      }
    })

    it('is left as it is by npm run up, which brings a run through and tells of every component', async () => {
      const { stack } = scene()
      const before = pids(stack)
      const { code, output } = await stack.run(['node', 'scripts/bootstrap.mjs', 'up', '--stack', 'local-e2e'])
      expect(code, output).toBe(0)
      expect(output).toContain(`COMPLETED, ${NODES} of ${NODES} nodes, postgres complete, loki complete`)
      for (const { title, version } of Object.values(stack.outputs.components)) {
        expect(output).toMatch(new RegExp(`${title.replace(/[()]/g, '.')} +ready +${version}`))
      }
      expect(output).toContain('npm run down -- --stack local-e2e')
      await stack.refreshOutputs()
      expect(pids(stack)).toEqual(before)
    })

    it('leaves the clone as it was', () => {
      const { cloneBefore } = scene()
      expect(gitStatus()).toBe(cloneBefore)
    })
  })
}
