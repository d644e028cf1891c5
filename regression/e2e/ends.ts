// Components that are killed, and the end of the stack.

import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { gitStatus, isOpen, processes } from './machine.ts'
import { isWhole, startRun, untilStatus } from './runs.ts'
import { expectOnceEverywhere, pids, type Scene } from './scene.ts'

export function ends(scene: () => Scene): void {
  describe('a component that was killed', () => {
    it('is brought back by pulumi up, whichever it is, and the others are left alone', async () => {
      const { stack, api } = scene()
      const before = pids(stack)
      for (const pid of Object.values(before)) process.kill(pid, 'SIGKILL')
      await stack.up()
      await stack.refreshOutputs()
      const after = pids(stack)
      for (const [name, pid] of Object.entries(after)) expect(pid, name).not.toBe(before[name])

      process.kill(after['api'] ?? 0, 'SIGKILL')
      await stack.up()
      await stack.refreshOutputs()
      const { api: apiPid, ...others } = pids(stack)
      expect(apiPid).not.toBe(after['api'])
      expect({ ...others, api: after['api'] }).toEqual(after)

      const runId = await startRun(stack)
      expect((await untilStatus(api, runId, isWhole)).status).toBe('COMPLETED')
      await expectOnceEverywhere(scene(), runId)
    })
  })

  describe('a stack that is taken down with its data', () => {
    it('leaves no process, no port and no file behind', async () => {
      const { stack, cloneBefore } = scene()
      const { home, ports } = stack
      await stack.down()
      expect(processes().filter(({ command }) => command.includes(home))).toEqual([])
      expect(await Promise.all(ports.map(isOpen))).toEqual(ports.map(() => false))
      expect(existsSync(home)).toBe(false)
      expect(gitStatus()).toBe(cloneBefore)
    })
  })
}
