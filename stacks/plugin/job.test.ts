import { describe, expect, it } from 'vitest'
import { JOB, littleComponent } from './fixtures/little-component.ts'
import type { JobInputs } from './inputs.ts'

const little = littleComponent()

describe('a job', () => {
  const job = (script: string, more: Partial<JobInputs> = {}): Record<string, unknown> => {
    const { component, folder, workingFolder, env, files, version, sources } = little.inputs()
    const inputs = { component, folder, workingFolder, env, files, secrets: {}, version, sources, data: ['a'] }
    return { ...inputs, command: ['sh', '-c', script], limitSeconds: 20, ...more }
  }

  it('runs to its end, and again only when its inputs or the data have changed', async () => {
    const { outs } = await little.provider().create(JOB, job('echo done'))
    expect(little.log()).toContain('done')
    expect((await little.provider().diff('little', JOB, outs, job('echo done'))).changes).toBe(false)
    expect((await little.provider().diff('little', JOB, outs, job('echo more'))).changes).toBe(true)
    expect((await little.provider().diff('little', JOB, outs, job('echo done', { data: ['b'] }))).changes).toBe(true)
    expect(await little.provider().read('little', JOB, outs)).toEqual({ id: 'little', props: outs })
  })

  it('that fails tells the last lines of its log', async () => {
    await expect(little.provider().create(JOB, job('echo no such topic; exit 4'))).rejects.toThrow(
      /little failed: it ended with code 4[^]*no such topic/,
    )
  })

  it('that takes too long is killed with its children', async () => {
    await expect(little.provider().create(JOB, job('sleep 600 & wait', { limitSeconds: 0.3 }))).rejects.toThrow(
      'it took longer than 0.3 s',
    )
    expect(little.processes()).toEqual([])
  })
})
