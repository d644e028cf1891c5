import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROCESS, asProperties, littleComponent } from './fixtures/little-component.ts'

const steps = (...commands: string[][]) => commands.map((command) => ({ name: 'step', command, env: {} }))

const little = littleComponent()

describe('a data folder', () => {
  const mark = () => ['sh', '-c', `echo {new-id} >> ${join(little.layout().data, 'id')}`]

  it('is initialised once, and keeps its identity', async () => {
    const inputs = little.inputs({ initialise: steps(mark()) })
    const first = await little.create(inputs)
    const id = readFileSync(join(little.layout().data, 'id'), 'utf8')
    expect(id).toMatch(/^[\w-]{22}\n$/)
    await little.provider().delete('little', PROCESS, first.outs)
    const second = await little.create(inputs)
    expect(readFileSync(join(little.layout().data, 'id'), 'utf8')).toBe(id)
    expect(second.outs['dataId']).toBe(first.outs['dataId'])
  })

  it('that was emptied is initialised again, with a new identity', async () => {
    const inputs = little.inputs({ initialise: steps(mark()) })
    const first = await little.create(inputs)
    await little.provider().delete('little', PROCESS, first.outs)
    rmSync(little.layout().data, { recursive: true })
    const second = await little.create(inputs)
    expect(second.outs['dataId']).not.toBe(first.outs['dataId'])
  })

  it('whose initialisation failed half-way is begun again from nothing', async () => {
    const failing = steps(mark(), ['sh', '-c', 'echo no space; exit 1'])
    await expect(little.create(little.inputs({ initialise: failing }))).rejects.toThrow(
      /step ended with code 1[^]*no space/,
    )
    await little.create(little.inputs({ initialise: steps(mark()) }))
    expect(readFileSync(join(little.layout().data, 'id'), 'utf8').trim().split('\n')).toHaveLength(1)
  })

  it('with files that are not ours is not touched', async () => {
    const first = await little.create(little.inputs())
    await little.provider().delete('little', PROCESS, first.outs)
    rmSync(little.layout().dataId)
    writeFileSync(join(little.layout().data, 'precious'), 'x')
    await expect(little.create(little.inputs({ initialise: steps(mark()) }))).rejects.toThrow(
      'holds files, but was not made by Runlight',
    )
    expect(existsSync(join(little.layout().data, 'precious'))).toBe(true)
  })

  it('is prepared before each start', async () => {
    const count = join(little.home(), 'count')
    const inputs = little.inputs({ prepare: steps(['sh', '-c', `echo once >> ${count}`]) })
    const { outs } = await little.create(inputs)
    await little.provider().update('little', PROCESS, outs, asProperties({ ...inputs, version: '2' }))
    expect(readFileSync(count, 'utf8')).toBe('once\nonce\n')
  })
})
